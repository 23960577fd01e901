"""The tick: asks the queue for each task at its interval, and says in the database that it is alive.

python -m smarketing.tick           until a signal says stop
python -m smarketing.tick --check   whether it was alive within the last half minute

A process of its own, and a small one: neither Django nor Celery is loaded. It goes by the monotonic clock, so the
clock on the wall may be set as anybody likes. It needs DATABASE_URL and REDIS_URL; `smarketing.run` gives those of the
embedded servers.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import uuid4

import psycopg2
from kombu.connection import Connection
from kombu.messaging import Producer

from smarketing import env
from smarketing.database import heartbeats
from smarketing.queue.schedule import SCHEDULE

NAME = "tick"
QUEUE = "celery"
BEAT_EVERY = 5.0
# A task that the queue did not take is asked for again this soon.
RETRY_AFTER = 2.0
TIMEOUT = 3
log = logging.getLogger(NAME)


class Database:
    """A connection of its own; what is sent on it is one statement a transaction."""

    def __init__(self, address: Mapping[str, str]) -> None:
        self.address = address
        self._connection: Any = None

    def beat(self) -> None:
        with self._cursor() as cursor:
            heartbeats.beat(cursor, NAME)

    def is_alive(self) -> bool:
        with self._cursor() as cursor:
            return heartbeats.is_alive(cursor, NAME)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _cursor(self) -> Any:
        if self._connection is None:
            self._connection = psycopg2.connect(**connection_options(self.address))
            self._connection.autocommit = True
        return self._connection.cursor()


def connection_options(address: Mapping[str, str]) -> dict[str, Any]:
    """The address as psycopg2 takes it. A server that has vanished is noticed within seconds."""
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
        "SSLMODE": "sslmode",
    }
    given = {names[name]: value for name, value in address.items() if value}
    patience = {"connect_timeout": TIMEOUT, "tcp_user_timeout": TIMEOUT * 1000, "keepalives_idle": 10}
    return given | patience | {"keepalives_interval": 5, "keepalives_count": 3, "application_name": NAME}


class Queue:
    """The queue, asked for tasks as Celery's protocol (version 2) writes them."""

    def __init__(self, address: str) -> None:
        once = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
        patience = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
        self.connection = Connection(env.celery_address(address), transport_options=patience | once)

    def ask_for(self, task: str, *, within: float) -> None:
        """Nobody does it later than `within` seconds from now: it will have been asked for again."""
        number = str(uuid4())
        expires = datetime.now(UTC) + timedelta(seconds=within)
        Producer(self.connection.default_channel, auto_declare=False).publish(
            [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
            routing_key=QUEUE,
            serializer="json",
            correlation_id=number,
            retry=False,
            headers={
                "lang": "py",
                "task": task,
                "id": number,
                "root_id": number,
                "parent_id": None,
                "group": None,
                "eta": None,
                "expires": expires.isoformat(),
                "retries": 0,
                "timelimit": [None, None],
                "argsrepr": "()",
                "kwargsrepr": "{}",
                "origin": NAME,
                "ignore_result": True,
            },
        )

    def close(self) -> None:
        self.connection.close()


class Duty:
    """One thing done at an interval. What fails is said once, and tried again soon."""

    def __init__(self, name: str, every: float, work: Callable[[], None], recover: Callable[[], None]) -> None:
        self.name, self.every, self.work, self.recover = name, every, work, recover
        self.due_at = 0.0
        self.failing = False

    def do_if_due(self, now: float) -> None:
        if now < self.due_at:
            return
        try:
            self.work()
        except Exception as problem:  # Whatever the driver raises: the next time may go well.
            self.recover()
            self.due_at = now + min(self.every, RETRY_AFTER)
            if not self.failing:
                said = str(problem).strip().splitlines() or [type(problem).__name__]
                log.warning("%s: %s; trying again.", self.name, said[0])
            self.failing = True
        else:
            self.due_at = now + self.every
            if self.failing:
                log.warning("%s: done again.", self.name)
            self.failing = False


def duties(database: Database, queue: Queue, schedule: Mapping[str, float] = SCHEDULE) -> list[Duty]:
    """The heartbeat, and a duty for each task."""

    def asking(task: str, every: float) -> Callable[[], None]:
        return lambda: queue.ask_for(task, within=every)

    tasks = [Duty(task, every, asking(task, every), queue.close) for task, every in schedule.items()]
    return [Duty("heartbeat", BEAT_EVERY, database.beat, database.close), *tasks]


def do_what_is_due(duties: list[Duty], clock: Callable[[], float] = time.monotonic) -> float:
    """Do it, and return how many seconds there are until more is due."""
    for duty in duties:
        duty.do_if_due(clock())
    return max(0.05, min(duty.due_at for duty in duties) - clock())


def run(duties: list[Duty]) -> NoReturn:
    while True:
        time.sleep(do_what_is_due(duties))


def check(database: Database) -> None:
    """Raises `Refused` unless the tick is alive."""
    try:
        alive = database.is_alive()
    except psycopg2.Error as problem:
        raise env.Refused(f"the database does not say whether the tick is alive: {str(problem).strip()}")
    if not alive:
        raise env.Refused(f"the tick gave no sign of life within {heartbeats.ALIVE_WITHIN} s.")


def main() -> None:
    address, queue = env.database("DATABASE_URL"), env.queue("REDIS_URL")
    if address is None or queue is None:
        raise env.Refused("the tick needs DATABASE_URL and REDIS_URL.")
    database = Database(address)
    if "--check" in sys.argv:
        check(database)
        return
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    signal.signal(signal.SIGINT, lambda number, frame: sys.exit(0))
    logging.basicConfig(format="{asctime} {levelname} {name}: {message}", style="{", level=logging.WARNING)
    run(duties(database, Queue(queue)))


if __name__ == "__main__":
    main()
