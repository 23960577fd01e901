"""How a page of numbers writes the days of a period, and an interval."""

from datetime import date

import pytest
from django.utils import translation

from dashboards.templatetags.numbers import days_of, from_to, last_day
from metrics.period import Period


def period(start: str, end: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.fixture(autouse=True)
def _in_tokyo(in_tokyo: None) -> None:
    pass


def test_a_period_lasts_to_the_day_before_its_end():
    assert last_day(period("2026-12-01", "2027-01-01")) == date(2026, 12, 31)
    assert last_day(period("2028-02-01", "2028-03-01")) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("start", "end", "english", "japanese"),
    [
        ("2026-11-09", "2026-11-10", "9 November 2026", "2026年11月9日"),
        ("2026-11-09", "2026-11-16", "9 – 15 November 2026", "2026年11月9日〜15日"),
        ("2026-11-01", "2026-12-01", "1 – 30 November 2026", "2026年11月1日〜30日"),
        ("2026-10-26", "2026-11-02", "26 October – 1 November 2026", "2026年10月26日〜11月1日"),
        ("2026-12-28", "2027-01-04", "28 December 2026 – 3 January 2027", "2026年12月28日〜2027年1月3日"),
        ("2026-11-09", "2027-11-10", "9 November 2026 – 9 November 2027", "2026年11月9日〜2027年11月9日"),
    ],
    ids=["one day", "in a month", "a month", "over a month's end", "over a year's end", "the same month a year later"],
)
def test_what_both_days_share_is_written_once(start, end, english, japanese):
    with translation.override("en"):
        assert days_of(period(start, end)) == english
    with translation.override("ja"):
        assert days_of(period(start, end)) == japanese


def test_an_interval_is_written_in_whole_percent_and_none_that_is_not_0_as_0():
    assert from_to((0.1666, 0.25)) == "17–25%"
    assert from_to((0.0, 0.004)) == "0–0.4%"
