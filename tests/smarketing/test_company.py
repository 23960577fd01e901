from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from smarketing.company import company_zone, day_around, day_starting_at, knowing


def test_a_given_zone_wins_over_the_stored_one(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    assert company_zone() == ZoneInfo("Europe/Berlin")


@pytest.mark.django_db
def test_the_stored_zone_counts_when_none_is_given(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = ""
    assert company_zone() == ZoneInfo("Asia/Tokyo")


@pytest.mark.django_db
def test_one_request_asks_for_the_stored_zone_once(settings: Settings) -> None:
    settings.COMPANY_TIME_ZONE = ""
    with knowing("Europe/Paris"):
        assert company_zone() == ZoneInfo("Europe/Paris")
        with knowing(""):
            assert company_zone() == ZoneInfo("Asia/Tokyo")
        settings.COMPANY_TIME_ZONE = "Europe/Berlin"
        assert company_zone() == ZoneInfo("Europe/Berlin")
    settings.COMPANY_TIME_ZONE = ""
    assert company_zone() == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (6, 1, 24), (10, 25, 25)])
def test_a_day_lasts_from_midnight_to_midnight(settings: Settings, month: int, day: int, hours: int) -> None:
    settings.COMPANY_TIME_ZONE = "Europe/Berlin"
    midnight = datetime(2026, month, day, tzinfo=ZoneInfo("Europe/Berlin"))
    start, end = day_around(midnight + timedelta(hours=22))
    assert start == midnight
    assert end.timestamp() - start.timestamp() == hours * 3600
    assert day_starting_at(midnight) == (start, end)
    assert day_starting_at(midnight + timedelta(microseconds=1)) is None


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        # Midnight comes twice: the first begins the day.
        ("America/Havana", (2025, 11, 2), 4, 25),
        ("Atlantic/Azores", (2025, 10, 26), 0, 25),
        # There is no midnight: the day begins at one.
        ("Africa/Cairo", (2026, 4, 24), -2, 23),
        ("Asia/Beirut", (2026, 3, 29), -2, 23),
        ("America/Santiago", (2026, 9, 6), 4, 23),
        # Half an hour.
        ("Australia/Lord_Howe", (2026, 4, 5), -11, 24.5),
    ],
)
def test_a_day_begins_once_where_the_clocks_skip_or_repeat_its_midnight(
    settings: Settings, zone: str, day: tuple[int, int, int], begins: int, hours: float
) -> None:
    settings.COMPANY_TIME_ZONE = zone
    start = datetime(*day, tzinfo=UTC) + timedelta(hours=begins)
    found = day_starting_at(start)
    assert found == day_around(start + timedelta(hours=15))
    first, last = (each.astimezone(UTC) for each in found or ())
    assert (first, last - first) == (start, timedelta(hours=hours))
    for other in (start - timedelta(microseconds=1), start + timedelta(microseconds=1), start + timedelta(hours=1)):
        assert day_starting_at(other) is None
