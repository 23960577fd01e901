"""Which touch is due when, against a list of open days made by looking at every hour."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars.hours import OpeningHours
from sla.handoffs.cadence import Cadence, Progress, day_ends, days_around, measure_progress, open_day

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = date(2026, 11, 16)
OFFICE = OpeningHours(
    {day: [(time(9), time(12)), (time(13), time(18))] for day in range(5)}, frozenset({date(2026, 11, 23)}), TOKYO
)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("made", "due"),
    [
        (0, date(2026, 11, 17)),  # of the ten open days the second
        (1, date(2026, 11, 19)),
        (2, date(2026, 11, 20)),
        (3, date(2026, 11, 25)),  # the seventh: the 23rd is a holiday
        (5, date(2026, 11, 30)),
    ],
)
def test_six_touches_in_ten_open_days_lie_evenly(made: int, due: date) -> None:
    found = measure_progress(Cadence(6, 10), at(16, 10), OFFICE, made=made, at=at(16, 11))
    assert (found.next, found.due_on, found.is_done) == (made + 1, due, False)


def test_it_is_due_on_its_day_and_overdue_from_the_next() -> None:
    def on(day: int) -> tuple[bool, bool]:
        found = measure_progress(Cadence(6, 10), at(16, 10), OFFICE, made=0, at=at(day, 23))
        return found.is_due_today, found.is_overdue

    assert [on(16), on(17), on(18)] == [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize("over", [{"made": 6}, {"made": 1, "reached": True}, {"made": 0, "moved_on": True}])
def test_nothing_is_due_after_all_touches_a_contact_or_a_step(over: dict[str, int]) -> None:
    found = measure_progress(Cadence(6, 10), at(16, 10), OFFICE, at=at(30, 23), **over)  # type: ignore[arg-type]
    assert (found.is_done, found.next, found.due_on, found.is_overdue) == (True, None, None, False)


def test_what_was_counted_is_in_the_answer() -> None:
    def found(*, moved_on: bool = False, reached: bool = False) -> Progress:
        given = {"moved_on": moved_on, "reached": reached}
        return measure_progress(Cadence(6, 10), at(16, 10), OFFICE, made=1, at=at(17, 11), **given)  # type: ignore[arg-type]

    today = date(2026, 11, 17)
    assert found() == Progress(1, 6, today, False, 2, date(2026, 11, 19))
    assert found(moved_on=True) == Progress(1, 6, today, False, None, None)
    assert found(reached=True) == Progress(1, 6, today, True, None, None)


def test_without_an_agreed_cadence_nothing_is_due() -> None:
    found = measure_progress(None, at(16, 10), OFFICE, made=0, at=at(30, 23))
    assert (found.is_done, found.agreed) == (True, 0)


def test_who_accepts_after_hours_has_the_next_open_day_first() -> None:
    assert open_day(OFFICE, at(16, 10), 1) == MONDAY
    assert open_day(OFFICE, at(16, 18), 1) == date(2026, 11, 17)
    assert open_day(OFFICE, at(20, 20), 1) == date(2026, 11, 24)


def test_days_on_which_the_clock_stands_still_do_not_count() -> None:
    # Tuesday from noon on, to Friday morning: of Tuesday something was left, of Wednesday and Thursday nothing.
    holiday = [(at(17, 12), at(20, 0))]
    assert [open_day(OFFICE, at(16, 10), number, holiday).day for number in (1, 2, 3, 4)] == [16, 17, 20, 24]
    found = measure_progress(Cadence(5, 5), at(16, 10), OFFICE, made=2, pauses=holiday, at=at(19, 10))
    assert (found.due_on, found.is_overdue) == (date(2026, 11, 20), False)


zones = st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "UTC"])
windows = st.dictionaries(
    st.integers(0, 6),
    st.integers(4, 22).flatmap(lambda opens: st.tuples(st.just(opens), st.integers(opens + 1, 23))),
    min_size=1,
)
moments = st.integers(0, 24 * 330).map(lambda hour: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour))


@settings(max_examples=150, deadline=None)
@given(
    zone=zones,
    week=windows,
    closed=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 3, 1)), max_size=40),
    accepted_at=moments,
    passed=st.integers(0, 24 * 60),
    agreed=st.tuples(st.integers(1, 12), st.integers(1, 15)),
    made=st.integers(0, 13),
)
def test_the_next_touch_is_the_one_that_a_naive_count_of_open_days_asks_for(
    zone: str,
    week: dict[int, tuple[int, int]],
    closed: frozenset[date],
    accepted_at: datetime,
    passed: int,
    agreed: tuple[int, int],
    made: int,
) -> None:
    tz = ZoneInfo(zone)
    hours = OpeningHours({day: [(time(a), time(b))] for day, (a, b) in week.items()}, closed, tz)
    now = accepted_at + timedelta(hours=passed)
    touches, days = agreed

    found = measure_progress(Cadence(touches, days), accepted_at, hours, made=made, at=now)

    # The oracle: the days that are open by the wall's weekday, and how many touches each asks for by its end.
    local = accepted_at.astimezone(tz)
    _opens, closes = week.get(local.weekday(), (0, 0))
    todays = local.weekday() in week and local.date() not in closed and local.hour < closes
    day = local.date() if todays else local.date() + timedelta(days=1)
    open_days: list[date] = []
    while len(open_days) < days:
        if day.weekday() in week and day not in closed:
            open_days.append(day)
        day += timedelta(days=1)
    asked = [nth * touches // days for nth in range(1, days + 1)]
    short = [on for on, wanted in zip(open_days, asked, strict=True) if wanted > made]
    assert found.due_on == (short[0] if short else None)
    assert found.is_done == (not short)
    assert found.is_overdue == bool(short and short[0] < now.astimezone(tz).date())


@settings(max_examples=150, deadline=None)
@given(
    zone=zones,
    # In the hours at which clocks change, too.
    week=st.dictionaries(
        st.integers(0, 6),
        st.integers(0, 22).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, 24))),
        min_size=1,
    ),
    closed=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 3, 1)), max_size=40),
    accepted_at=moments,
    passed=st.integers(0, 24 * 60),
    number=st.integers(1, 15),
)
def test_what_is_overdue_is_told_from_the_ends_of_the_open_days(
    zone: str,
    week: dict[int, tuple[int, int]],
    closed: frozenset[date],
    accepted_at: datetime,
    passed: int,
    number: int,
) -> None:
    tz = ZoneInfo(zone)
    hours = OpeningHours({day: [(time(a), time(b % 24))] for day, (a, b) in week.items()}, closed, tz)
    today = (accepted_at + timedelta(hours=passed)).astimezone(tz).date()

    ends = day_ends(hours, today, 100)

    due_on = open_day(hours, accepted_at, number)
    later = [end for end in ends if end > accepted_at]
    assert (len(later) >= number) == (due_on < today)
    assert len(ends) == 100
    assert list(ends) == sorted(ends)
    if due_on < today:
        begins = datetime.combine(due_on, time(), tz)
        assert begins <= later[number - 1] <= begins + timedelta(hours=25)


def closed_for(days: int, *, again_for: int = 0) -> OpeningHours:
    """Open every day but for so many days from Monday on, then a day open, and closed again for so many."""
    closed = {MONDAY + timedelta(days=n) for n in range(days)}
    closed |= {MONDAY + timedelta(days=days + 1 + n) for n in range(again_for)}
    return OpeningHours({day: [(time(9), time(18))] for day in range(7)}, frozenset(closed), TOKYO)


def test_after_five_years_without_an_open_day_there_is_none() -> None:
    assert open_day(closed_for(1828), at(16, 10), 1) == MONDAY + timedelta(days=1828)
    with pytest.raises(ValueError, match=r"^There is no open day within five years\.$"):
        open_day(closed_for(1829), at(16, 10), 1)


def test_an_open_day_in_between_begins_the_five_years_anew() -> None:
    assert open_day(closed_for(1000, again_for=1827), at(16, 10), 2) == MONDAY + timedelta(days=2828)


@pytest.mark.parametrize(
    ("touches", "touch_days", "cadence"),
    [(6, 10, Cadence(6, 10)), (None, 10, None), (6, None, None), (0, 10, None), (6, 0, None)],
)
def test_a_policy_agrees_on_both_numbers_or_on_no_cadence(touches, touch_days, cadence) -> None:
    assert Cadence.of(SimpleNamespace(touches=touches, touch_days=touch_days)) == cadence
    assert Cadence.of(None) is None


def test_a_day_whose_only_window_the_clocks_skip_ends_when_it_begins() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = OpeningHours({day: [(time(2, 15), time(2, 45))] for day in range(7)}, frozenset(), berlin)
    assert day_ends(night, date(2026, 3, 30), 1) == (datetime(2026, 3, 29, tzinfo=berlin),)


@pytest.mark.parametrize(
    ("today", "number", "days"),
    [
        (19, 1, [18, 19]),
        (19, 2, [17, 18, 19, 20]),
        (21, 3, [18, 19, 20, 24, 25, 26]),  # a Saturday before the holiday
        (24, 2, [19, 20, 24, 25]),
    ],
)
def test_the_open_days_around_a_day_and_their_ends(today: int, number: int, days: list[int]) -> None:
    found, ends = days_around(OFFICE, date(2026, 11, today), number)
    assert list(found) == [date(2026, 11, day) for day in days]
    assert list(ends) == [at(day, 18) for day in days]


def test_an_open_day_whose_only_hour_the_clocks_skip_is_over_when_it_begins() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    nights = OpeningHours({6: [(time(2), time(3))]}, frozenset(), berlin)
    found, ends = days_around(nights, date(2027, 3, 28), 1)
    assert list(found) == [date(2027, 3, 21), date(2027, 3, 28)]
    assert list(ends) == [datetime(2027, 3, 21, 3, tzinfo=berlin), datetime(2027, 3, 28, tzinfo=berlin)]
