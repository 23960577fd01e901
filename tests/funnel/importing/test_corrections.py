"""The database cuts days as Python does, in every zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import connection
from pytest_django import Settings

from funnel.importing.corrections import is_day, same_day
from smarketing.company import company_zone, day_starting_at, start_of_day

pytestmark = pytest.mark.django_db
# Where midnight comes twice, or never, or where the rules were changed lately; and names that are no places.
AT_MIDNIGHT = ("America/Havana", "Atlantic/Azores", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Asia/Gaza")
CHANGED_LATELY = ("America/Vancouver", "America/Edmonton", "America/Asuncion", "Asia/Almaty")
WITHOUT_PLACES = tuple(sorted(zone for zone in available_timezones() if "/" not in zone and zone != "localtime"))
ASKED = f"""SELECT moment, noon, {is_day("moment")}, {same_day("moment", "noon")}
    FROM unnest(%(moments)s, %(noons)s) AS asked (moment, noon)"""


@pytest.mark.parametrize("zones", [[zone] for zone in AT_MIDNIGHT] + [CHANGED_LATELY, WITHOUT_PLACES])
def test_a_day_begins_in_the_database_when_it_begins_in_python(zones: list[str], settings: Settings) -> None:
    for zone in zones:
        settings.COMPANY_TIME_ZONE = zone
        asked = [
            (start_of_day(noon).astimezone(UTC) + timedelta(minutes=minutes), noon)
            for noon in noons_around_changes(company_zone())
            for minutes in range(-120, 150, 30)
        ]
        with connection.cursor() as cursor:
            places = dict(zip(("moments", "noons"), map(list, zip(*asked, strict=True)), strict=True))
            cursor.execute(ASKED, {**places, "zone": str(company_zone())})
            for moment, noon, is_start, is_same in cursor.fetchall():
                assert is_start == bool(day_starting_at(moment)), (zone, moment)
                assert is_same == (start_of_day(moment) == start_of_day(noon)), (zone, moment)


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        # The clocks go back from one o'clock to midnight, or forward at midnight.
        ("America/Havana", datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("Atlantic/Azores", datetime(2026, 10, 25, 0, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
        # What PostgreSQL would take for an abbreviation without summer time.
        ("CET", datetime(2026, 7, 1, 22, tzinfo=UTC)),
    ],
)
def test_a_day_begins_with_its_first_moment(zone: str, first: datetime, settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = zone
    assert day_starting_at(first)
    assert not day_starting_at(first + timedelta(hours=1))


def noons_around_changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The noons of the days before, of and after each clock change of two years, or of one day where there is none."""
    noons = [datetime.combine(date(2026, 1, 1) + timedelta(days=n), time(12), zone) for n in range(730)]
    changed = {n for n in range(1, 729) if noons[n].utcoffset() != noons[n - 1].utcoffset()} or {1}
    for nth in sorted({near for n in changed for near in (n - 1, n, n + 1)}):
        yield noons[nth].astimezone(UTC)
