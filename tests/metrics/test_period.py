from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.period import Period

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")


def period(start: str, end: str, zone: ZoneInfo = TOKYO) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end), zone)


def spans(periods: list[Period]) -> list[str]:
    return [f"{part.key}: {part.start} {part.end}" for part in periods]


class TestDays:
    def test_a_period_lasts_from_midnight_to_midnight_in_the_companys_zone(self):
        april = period("2018-04-01", "2018-05-01")
        assert april.starts_at == datetime(2018, 3, 31, 15, tzinfo=UTC)
        assert april.ends_at == datetime(2018, 4, 30, 15, tzinfo=UTC)

    def test_midnight_counts_in_the_new_week(self):
        week = Period.week_of(date(2026, 11, 16), TOKYO)
        assert datetime(2026, 11, 16, tzinfo=TOKYO) in week
        assert datetime(2026, 11, 23, tzinfo=TOKYO) not in week
        assert datetime(2026, 11, 23, tzinfo=TOKYO) - timedelta(microseconds=1) in week

    def test_a_moment_belongs_to_the_companys_day_not_to_that_of_utc(self):
        monday_in_tokyo = datetime(2026, 11, 15, 15, tzinfo=UTC)
        assert Period.week_of(monday_in_tokyo, TOKYO).key == "2026-11-16"

    def test_a_week_in_which_the_clock_changes_is_an_hour_shorter_or_longer(self):
        spring, autumn = (Period.week_of(day, BERLIN) for day in (date(2026, 3, 29), date(2026, 10, 25)))
        lengths = [week.ends_at.astimezone(UTC) - week.starts_at.astimezone(UTC) for week in (spring, autumn)]
        assert lengths == [timedelta(days=7, hours=-1), timedelta(days=7, hours=1)]

    def test_a_day_without_midnight_begins_when_it_begins(self):
        """Chile goes forward at midnight: 6 September 2026 begins at one."""
        day = Period(date(2026, 9, 6), date(2026, 9, 7), SANTIAGO)
        assert day.starts_at.astimezone(UTC) == datetime(2026, 9, 6, 4, tzinfo=UTC)
        assert day.ends_at.astimezone(UTC) - day.starts_at.astimezone(UTC) == timedelta(hours=23)

    @pytest.mark.parametrize("end", ["2018-04-01", "2018-03-31"])
    def test_a_period_without_days_is_refused(self, end):
        with pytest.raises(ValueError, match="has no days"):
            period("2018-04-01", end)

    def test_a_moment_without_a_zone_is_refused(self):
        with pytest.raises(ValueError, match="no zone"):
            Period.week_of(datetime(2026, 11, 16), TOKYO)  # noqa: DTZ001 - that is the point


class TestNames:
    def test_weeks_months_and_quarters_have_keys(self):
        day = date(2018, 5, 31)
        assert Period.week_of(day, TOKYO).key == "2018-05-28"
        assert Period.month_of(day, TOKYO).key == "2018-05"
        assert Period.quarter_of(day, TOKYO).key == "2018-Q2"
        assert period("2018-05-03", "2018-05-09").key == "2018-05-03/2018-05-09"

    def test_periods_of_the_same_days_are_equal(self):
        assert Period.month_of(date(2018, 4, 15), TOKYO) == period("2018-04-01", "2018-05-01", BERLIN)

    @pytest.mark.parametrize(
        ("whole", "before", "after"),
        [
            (Period.week_of(date(2026, 1, 1), TOKYO), "2025-12-22", "2026-01-05"),
            (Period.month_of(date(2026, 1, 31), TOKYO), "2025-12", "2026-02"),
            (Period.month_of(date(2026, 3, 31), TOKYO), "2026-02", "2026-04"),
            (Period.quarter_of(date(2026, 2, 1), TOKYO), "2025-Q4", "2026-Q2"),
            (period("2026-01-01", "2027-01-01"), "2025-01-01/2026-01-01", "2027-01-01/2028-01-01"),
            (period("2026-01-05", "2026-01-08"), "2026-01-02/2026-01-05", "2026-01-08/2026-01-11"),
        ],
    )
    def test_the_period_before_and_after_is_of_the_same_kind(self, whole, before, after):
        assert (whole.previous().key, whole.next().key) == (before, after)
        assert whole.previous().next() == whole


class TestSplit:
    def test_months_are_cut_to_the_period_and_keep_their_names(self):
        assert spans(period("2018-04-10", "2018-06-02").split("month")) == [
            "2018-04: 2018-04-10 2018-05-01",
            "2018-05: 2018-05-01 2018-06-01",
            "2018-06: 2018-06-01 2018-06-02",
        ]

    def test_weeks_are_named_after_their_monday_also_when_cut(self):
        assert spans(period("2018-04-04", "2018-04-12").split("week")) == [
            "2018-04-02: 2018-04-04 2018-04-09",
            "2018-04-09: 2018-04-09 2018-04-12",
        ]

    def test_quarters_are_cut_to_the_period_and_keep_their_names(self):
        assert spans(period("2017-12-31", "2018-04-02").split("quarter")) == [
            "2017-Q4: 2017-12-31 2018-01-01",
            "2018-Q1: 2018-01-01 2018-04-01",
            "2018-Q2: 2018-04-01 2018-04-02",
        ]

    @given(
        st.dates(date(1990, 1, 1), date(2090, 1, 1)),
        st.integers(1, 900),
        st.sampled_from(["week", "month", "quarter"]),
    )
    def test_the_parts_are_the_whole(self, start, days, step):
        whole = Period(start, start + timedelta(days), TOKYO)
        parts = whole.split(step)
        assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
        assert all(before.end == after.start for before, after in zip(parts, parts[1:], strict=False))
        assert len({part.key for part in parts}) == len(parts)
