"""A second clock that knows nothing of the first: it looks each minute. And the calendars that both are asked about."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from sla.calendars.hours import OpeningHours, Span, Windows

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

WITH_LUNCH: Windows = {day: [(time(9), time(12)), (time(13), time(18))] for day in range(5)}
Case = tuple[OpeningHours, datetime, datetime, list[Span]]

ALWAYS: Windows = {day: [(time(0), time(0))] for day in range(7)}


def tokyo(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    """November 2026 begins on a Sunday."""
    return datetime(year, month, day, hour, minute, tzinfo=TOKYO)


def office(*holidays: date, windows: Windows = WITH_LUNCH, tz: ZoneInfo = TOKYO) -> OpeningHours:
    return OpeningHours(windows, frozenset(holidays), tz)


def at_night(opens: time, closes: time, tz: ZoneInfo) -> OpeningHours:
    return office(windows={day: [(opens, closes)] for day in range(7)}, tz=tz)


# The second clock. It walks from one minute of UTC to the next and looks at the wall: no sums, no windows cut to size.


@lru_cache(maxsize=200_000)
def _wall(minute: datetime, zone: str) -> tuple[date, int, time]:
    wall = minute.astimezone(ZoneInfo(zone))
    return wall.date(), wall.weekday(), wall.time()


def _walk(hours: OpeningHours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
    """Yield the minutes between two moments, the first and the last cut, and whether each is open."""
    since = start
    while since < end:
        minute = since.replace(second=0, microsecond=0)
        until = min(end, minute + MINUTE)
        day, weekday, at = _wall(minute, hours.tz.key)
        windows = () if day in hours.holidays else hours.windows.get(weekday, ())
        closing = [hours.closings[day]] if day in hours.closings else []
        yield since, until, _lies_in(windows, at) and not _lies_in(closing, at)
        since = until


def _lies_in(spans: Sequence[tuple[time, time]], at: time) -> bool:
    return any(begins <= at and (at < ends or ends == time(0)) for begins, ends in spans)


def slow_elapsed(hours: OpeningHours, start: datetime, end: datetime, pauses: list[Span]) -> timedelta:
    return sum((until - since for since, until in _counted(hours, start, end, pauses)), timedelta(0))


def slow_deadline(
    hours: OpeningHours, start: datetime, target: timedelta, pauses: list[Span], give_up: datetime
) -> datetime | None:
    for since, until in _counted(hours, start, give_up, pauses):
        if until - since >= target:
            return since + target
        target -= until - since
    return None


def _counted(hours: OpeningHours, start: datetime, end: datetime, pauses: list[Span]) -> Iterator[Span]:
    for since, until, is_open in _walk(hours, start, end):
        if is_open:
            cuts = sorted({since, until, *(moment for pause in pauses for moment in pause if since < moment < until)})
            for begin, finish in zip(cuts, cuts[1:], strict=False):
                if not any(paused <= begin and finish <= resumed for paused, resumed in pauses):
                    yield begin, finish


# Days around a change of the clock, and one around none.
DAYS = [
    ("Asia/Tokyo", date(2026, 11, 20)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/Santiago", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Asia/Kathmandu", date(2026, 12, 31)),
    ("Europe/London", date(2027, 1, 1)),
]

LIKELY = [0, 60, 90, 120, 150, 180, 210, 1440]  # the minutes of a day at which clocks are changed, and its end


@st.composite
def windows(draw: st.DrawFn) -> list[tuple[time, time]]:
    """Up to three windows of a day, on whole minutes; the last may close at midnight."""
    edges = sorted(draw(st.sets(st.one_of(st.integers(0, 24 * 60), st.sampled_from(LIKELY)), max_size=6)))
    clock = [time(edge // 60 % 24, edge % 60) for edge in edges]
    return list(zip(clock[::2], clock[1::2], strict=False))


@st.composite
def closings(draw: st.DrawFn) -> tuple[time, time]:
    """A part of a day, on whole minutes; it may end at midnight."""
    begin, end = sorted(
        draw(st.sets(st.one_of(st.integers(0, 24 * 60), st.sampled_from(LIKELY)), min_size=2, max_size=2))
    )
    return time(begin // 60, begin % 60), time(end // 60 % 24, end % 60)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[OpeningHours, date]:
    zone, around = draw(st.sampled_from(DAYS))
    week = {day: draw(windows()) for day in range(7)}
    assume(any(week.values()))
    holidays = draw(st.frozensets(st.integers(-3, 8), max_size=3))
    closed = frozenset(around + timedelta(day) for day in holidays)
    partly = draw(st.dictionaries(st.integers(-3, 8), closings(), max_size=4))
    closed_for_a_part = {around + timedelta(day): span for day, span in partly.items()}
    return OpeningHours(week, closed, ZoneInfo(zone), closed_for_a_part), around


@st.composite
def moments(draw: st.DrawFn, around: date, *, before: int, after: int) -> datetime:
    """A moment some days before or after, to the microsecond or (mostly) on a whole minute."""
    midnight = datetime.combine(around, time(), UTC)
    moment = midnight + draw(st.integers(-before * 1440, after * 1440)) * MINUTE
    return moment + draw(st.sampled_from([timedelta(0)] * 3 + [timedelta(seconds=59, microseconds=999_999)]))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    hours, around = draw(calendars())
    start = draw(moments(around, before=3, after=1))
    end = draw(moments(around, before=3, after=5))
    edges = sorted(draw(st.lists(moments(around, before=4, after=4), max_size=6)))
    apart, nested = (edges[::2], edges[1::2]), (edges, edges[::-1])
    pauses = list(zip(*draw(st.sampled_from([apart, nested])), strict=False))
    pauses = [pause for pause in pauses if pause[0] <= pause[1]]
    return hours, start, end, pauses


targets = st.one_of(
    st.integers(1, 20 * 60).map(lambda minutes: minutes * MINUTE),
    st.integers(1, 20 * 3_600_000_000).map(lambda microseconds: timedelta(microseconds=microseconds)),
)


def check_elapsed(case: Case) -> None:
    hours, start, end, pauses = case
    assert hours.elapsed(start, end, pauses) == slow_elapsed(hours, start, end, pauses)


def check_deadline(case: Case, target: timedelta) -> None:
    hours, start, _, pauses = case
    give_up = start + timedelta(days=12)
    expected = slow_deadline(hours, start, target, pauses, give_up)
    # Compared and reckoned with in UTC: Python's own sums on a local hour that comes twice are wrong (PEP 495).
    due = hours.deadline(start, target, pauses).astimezone(UTC)
    if expected is None:
        assert due > give_up
    else:
        assert due == expected
    # The deadline and the time elapsed are two sides of one clock.
    assert hours.elapsed(start, due, pauses) == target
    assert hours.elapsed(start, due - timedelta(microseconds=1), pauses) == target - timedelta(microseconds=1)


def check_is_open(case: Case) -> None:
    hours, start, _, _ = case
    ((_, _, is_open),) = _walk(hours, start, start + timedelta(microseconds=1))
    assert hours.is_open(start) == is_open


SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
short = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
long = settings(max_examples=3000, deadline=None, suppress_health_check=SLOW)

NIGHT_SHIFT = OpeningHours({day: [(time(1), time(3, 30))] for day in range(7)}, frozenset(), BERLIN)
BOTH_CHANGES: list[Case] = [
    (NIGHT_SHIFT, datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC), []),
    (NIGHT_SHIFT, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC), []),
]
