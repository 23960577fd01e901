"""Whether the database knows the rules of a time zone that we know: it brings its own, as old as its server is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import DataError, connection

DAYS = 400
DIFFERING = """
SELECT local::date FROM unnest(%s::timestamptz[], %s::timestamp[]) AS noon (moment, local)
WHERE moment AT TIME ZONE %s <> local ORDER BY moment LIMIT 1
"""


def first_difference(zone: ZoneInfo, today: date) -> date | None:
    """The first of the coming days on which the clocks of that zone are others in the database."""
    noons = [datetime.combine(today + timedelta(days=n), time(12), zone) for n in range(DAYS)]
    moments, locals_ = [noon.astimezone(UTC) for noon in noons], [noon.replace(tzinfo=None) for noon in noons]
    with connection.cursor() as cursor:
        try:
            cursor.execute(DIFFERING, [moments, locals_, str(zone)])
        except DataError:  # It does not know the zone at all.
            return today
        row = cursor.fetchone()
    return row[0] if row else None
