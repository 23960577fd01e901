"""Who is alive: a row each, with the moment of the last heartbeat by the clock of the database.

Plain SQL over any cursor, also one without Django: the tick is a small process.
"""

from typing import Any

# Seconds. A heartbeat dated ahead is from before the database's clock was set back: it proves nothing.
ALIVE_WITHIN = 30

BEAT = """
INSERT INTO smarketing_heartbeat (name, at) VALUES (%s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""
IS_ALIVE = """
SELECT count(*) FROM smarketing_heartbeat
WHERE name = %s AND at BETWEEN clock_timestamp() - %s * interval '1 second' AND clock_timestamp() + interval '1 second'
"""


def beat(cursor: Any, name: str) -> None:
    cursor.execute(BEAT, [name])


def is_alive(cursor: Any, name: str) -> bool:
    cursor.execute(IS_ALIVE, [name, ALIVE_WITHIN])
    return bool(cursor.fetchone()[0])
