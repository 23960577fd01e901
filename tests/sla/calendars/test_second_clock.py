"""The clock of a promise, held against a second clock that knows nothing of the first."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sla.calendars.hours import OpeningHours, Windows
from tests.sla.calendars.second_clock import (
    BOTH_CHANGES,
    HOUR,
    MINUTE,
    calendars,
    cases,
    check_deadline,
    check_elapsed,
    check_is_open,
    long,
    office,
    short,
    targets,
    tokyo,
)

# Whatever the calendar: as many minutes as a clock counts that looks every minute. Functions, as one class of tests
# that is asked twice by one process (by the proof of the mutants) is two to Hypothesis.


@short
@example(BOTH_CHANGES[0])
@example(BOTH_CHANGES[1])
@given(cases())
def test_the_open_time_between_two_moments_is_that_of_the_second_clock(case):
    check_elapsed(case)


@short
@example(BOTH_CHANGES[0], 4 * HOUR)
@example(BOTH_CHANGES[1], 4 * HOUR)
@given(cases(), targets)
def test_the_deadline_is_that_of_the_second_clock(case, target):
    check_deadline(case, target)


@short
@given(cases())
def test_it_is_open_at_the_same_moments_as_on_the_second_clock(case):
    check_is_open(case)


@pytest.mark.proof
@long
@given(cases(), targets)
def test_all_of_it_agrees_on_thousands_of_calendars(case, target):
    check_elapsed(case)
    check_deadline(case, target)
    check_is_open(case)


# What the second clock is too slow for: the parts must add up to the whole.


@short
@given(calendars(), st.lists(st.integers(0, 6 * 366 * 24 * 60), min_size=3, max_size=3))
def test_years_add_up(calendar, offsets):
    hours, around = calendar
    first, middle, last = (datetime.combine(around, time(), UTC) + minutes * MINUTE for minutes in sorted(offsets))
    assert hours.elapsed(first, last) == hours.elapsed(first, middle) + hours.elapsed(middle, last)


@short
@given(calendars(), st.integers(1, 5000))
def test_a_deadline_years_away_is_when_the_target_has_passed(calendar, target):
    hours, around = calendar
    start = datetime.combine(around, time(), UTC)
    due = hours.deadline(start, target * HOUR).astimezone(UTC)
    assert hours.elapsed(start, due) == target * HOUR
    assert due <= hours.next_windows(due - timedelta(microseconds=1), days=2)[0][1]


def test_a_share_of_the_target_leaves_pauses_out_too():
    paused = [(tokyo(16, 9), tokyo(16, 11))]
    assert office().at_share(tokyo(16, 9), 4 * HOUR, 0.5, paused) == tokyo(16, 14)


def test_the_first_window_of_a_year_is_open():
    new_year = office(windows={day: [(time(9), time(18))] for day in range(7)})
    assert new_year.is_open(tokyo(1, 10, month=1, year=2027))
    assert not new_year.is_open(tokyo(1, 8, month=1, year=2027))


def closed_from(first: date, days: int) -> OpeningHours:
    every_day: Windows = {day: [(time(9), time(18))] for day in range(7)}
    return office(*(first + timedelta(days=n) for n in range(days)), windows=every_day, tz=ZoneInfo("UTC"))


def test_an_opening_five_years_to_the_moment_after_the_start_is_within_them():
    summer = datetime(2026, 6, 1, 9, tzinfo=UTC)
    hours = closed_from(summer.date(), 1827)
    assert hours.deadline(summer, HOUR) == summer + timedelta(days=1827, hours=1)
    with pytest.raises(ValueError, match=r"^There is no opening within five years\.$"):
        hours.deadline(summer - timedelta(microseconds=1) - 10 * HOUR, HOUR)


def test_the_five_years_begin_anew_with_each_opening():
    summer = datetime(2026, 6, 1, 9, tzinfo=UTC)
    hours = closed_from(summer.date() + timedelta(days=1), 1826)
    assert hours.deadline(summer, 10 * HOUR) == summer + timedelta(days=1827, hours=1)


def test_a_week_of_windows_is_asked_for_unless_told_otherwise():
    assert office().next_windows(tokyo(16, 8)) == office().next_windows(tokyo(16, 8), 7)
    assert len(office().next_windows(tokyo(16, 8))) == 10
