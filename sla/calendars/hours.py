"""Opening hours: when timers run.

A calendar is open exactly while local time is inside one of that weekday's windows, the day is no holiday, and the
time in no closing of that day. Days on which the clocks change follow from that:

- Clocks go forward: the hour that is skipped is never open. 01:00-04:00 lasts two hours that night, and a window that
  lies wholly in the gap does not exist. Nor does a day that a country skipped (Samoa, 30 December 2011).
- Clocks go back: the hour that comes twice is open twice. 01:00-04:00 lasts four hours that night.

All sums are made in whole microseconds of UTC, which no clock change affects.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

Windows: TypeAlias = dict[int, list[tuple[time, time]]]
Span: TypeAlias = tuple[datetime, datetime]
# Days that are closed for a part: from one time to another, 00:00 being the end of the day.
Closings: TypeAlias = Mapping[date, tuple[time, time]]

# Inside this module a moment is a whole number of microseconds since 1970 in UTC, and a day a number of days since.
Week: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]
Partly: TypeAlias = frozenset[tuple[int, int, int]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
FIVE_YEARS = 1827 * DAY
WEEKDAYS = range(7)


@dataclass(frozen=True)
class OpeningHours:
    """When a team works: several windows a weekday (0 is Monday), its holidays, its time zone, and the days that are
    closed for a part.

    A window or closing that ends at 00:00 ends with its day. Windows may touch, not overlap. `ValueError` without any
    window, as nothing could ever fall due, and for a closing that ends before it begins.
    """

    windows: Windows
    holidays: frozenset[date]
    tz: ZoneInfo
    closings: Closings = field(default_factory=dict)
    _week: Week = field(init=False, repr=False, compare=False)
    _closed: frozenset[int] = field(init=False, repr=False, compare=False)
    _partly: Partly = field(init=False, repr=False, compare=False)
    _years_by_number: dict[int, _Year] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        week = _week_in_microseconds(self.windows)
        sorted_windows = {day: sorted(windows) for day, windows in sorted(self.windows.items()) if windows}
        object.__setattr__(self, "windows", sorted_windows)
        object.__setattr__(self, "holidays", frozenset(self.holidays))
        object.__setattr__(self, "closings", dict(self.closings))
        object.__setattr__(self, "_week", week)
        object.__setattr__(self, "_closed", frozenset(_day_number(holiday) for holiday in self.holidays))
        partly = frozenset((_day_number(day), *_checked_span(*span)) for day, span in self.closings.items())
        object.__setattr__(self, "_partly", partly)
        object.__setattr__(self, "_years_by_number", {})

    def __hash__(self) -> int:
        return hash((self._week, self._closed, self._partly, self.tz))

    def deadline(self, start: datetime, target: timedelta, pauses: Sequence[Span] = ()) -> datetime:
        """Return the moment at which `target` of open time has passed since `start`, pauses left out.

        Where that is at the end of a window, it is that end, not the start of the next. `ValueError` for a target that
        is not positive, and where five years go by without any opening.
        """
        left = target // MICROSECOND
        if left <= 0:
            raise ValueError(f"A target must be longer than nothing, not {target}.")
        begin = last_open = _to_microseconds(start)
        for stretch_begin, stretch_end in _without_pauses(begin, None, pauses):
            for year, since, until in self._years(stretch_begin, stretch_end):
                before = year.open_before(since)
                open_here = year.open_before(until) - before
                if (year.opening(before) if open_here else until) - last_open > FIVE_YEARS:
                    raise ValueError("There is no opening within five years.")
                if open_here >= left:
                    return self._local(year.moment(before + left))
                if open_here:
                    last_open = year.moment(before + open_here)
                    left -= open_here
        raise AssertionError  # The last stretch has no end.

    def elapsed(self, start: datetime, end: datetime, pauses: Sequence[Span] = ()) -> timedelta:
        """Return the open time between two moments, pauses left out; nothing if `end` is not after `start`."""
        stretches = _without_pauses(_to_microseconds(start), _to_microseconds(end), pauses)
        return sum(self._open_between(*stretch) for stretch in stretches) * MICROSECOND

    def at_share(self, start: datetime, target: timedelta, share: float, pauses: Sequence[Span] = ()) -> datetime:
        """Return the moment at which that share of the target (0.5 is half) has passed."""
        return self.deadline(start, target * share, pauses)

    def is_open(self, at: datetime) -> bool:
        moment = _to_microseconds(at)
        return self._year_of(moment).is_open(moment)

    def open_seconds_left(self, at: datetime, due: datetime) -> int:
        """Return the open seconds until `due`, rounded up: 0 only when nothing is left."""
        return -(-self.elapsed(at, due) // timedelta(seconds=1))

    def next_windows(self, at: datetime, days: int = 7) -> list[Span]:
        """Return the windows from `at` on, over `days` days, today included. One under way begins at `at`; windows that
        touch are one."""
        begin = _to_microseconds(at)
        today = at.astimezone(self.tz).date()
        end = _to_microseconds(datetime.combine(today + timedelta(days=days), time(), self.tz))
        found: list[tuple[int, int]] = []
        for year, since, until in self._years(begin, end):
            for opens, closes in year.between(since, until):
                _append_window(found, opens, closes)
        return [(self._local(opens), self._local(closes)) for opens, closes in found]

    def open_days(self, start: date, end: date) -> int:
        """Count the days on which anything is open, `start` included, `end` not."""
        days = range(_day_number(start), _day_number(end))
        closed = self._closed | {day for day, *span in self._partly if not _without(self._week[_weekday(day)], *span)}
        return sum(1 for day in days if self._week[_weekday(day)] and day not in closed)

    def _open_between(self, begin: int, end: int | None) -> int:
        return sum(year.open_before(until) - year.open_before(since) for year, since, until in self._years(begin, end))

    def _years(self, begin: int, end: int | None) -> Iterator[tuple[_Year, int, int]]:
        """Yield the calendar year by year, each with the part of it that lies between two moments."""
        while end is None or begin < end:
            year = self._year_of(begin)
            until = year.ends if end is None else min(end, year.ends)
            yield year, begin, until
            begin = year.ends

    def _year_of(self, moment: int) -> _Year:
        number = _to_utc(moment).year
        if not MINYEAR < number < MAXYEAR:
            raise ValueError("Opening hours do not reach that far.")
        if number not in self._years_by_number:
            self._years_by_number[number] = _build_year(self._week, self._closed, self._partly, self.tz, number)
        return self._years_by_number[number]

    def _local(self, moment: int) -> datetime:
        return _to_utc(moment).astimezone(self.tz)


class _Year:
    """The windows of one year of UTC, and how much was open before each of them."""

    def __init__(self, ends: int, windows: list[tuple[int, int]]) -> None:
        self.ends = ends
        self.opens = [opens for opens, _ in windows]
        self.closes = [closes for _, closes in windows]
        self.before = [0]
        for opens, closes in windows:
            self.before.append(self.before[-1] + closes - opens)

    def open_before(self, moment: int) -> int:
        """How much was open from the start of the year to this moment of it."""
        nth = bisect_right(self.opens, moment) - 1
        if nth < 0:
            return 0
        return self.before[nth] + min(moment, self.closes[nth]) - self.opens[nth]

    def moment(self, passed: int) -> int:
        """The first moment at which that much has been open: the end of a window, not the start of the next."""
        nth = bisect_left(self.before, passed) - 1
        return self.opens[nth] + passed - self.before[nth]

    def opening(self, passed: int) -> int:
        """The last moment at which no more than that has been open: the start of a window, not the end of the one
        before."""
        nth = bisect_right(self.before, passed) - 1
        return self.opens[nth] + passed - self.before[nth]

    def is_open(self, moment: int) -> bool:
        nth = bisect_right(self.opens, moment) - 1
        return nth >= 0 and moment < self.closes[nth]

    def between(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        for nth in range(bisect_right(self.closes, begin), bisect_left(self.opens, end)):
            yield max(begin, self.opens[nth]), min(end, self.closes[nth])


@lru_cache(maxsize=256)
def _build_year(week: Week, closed: frozenset[int], partly: Partly, tz: ZoneInfo, number: int) -> _Year:
    begin, end = _new_year(number), _new_year(number + 1)
    found: list[tuple[int, int]] = []
    windows = {day: _without(week[_weekday(day)], *span) for day, *span in partly} | dict.fromkeys(closed, ())
    for since, until, offset in _constant_offsets(tz, begin, end):
        for opens, closes in _open_in_local_time(week, windows, since + offset, until + offset):
            _append_window(found, opens - offset, closes - offset)
    return _Year(end, found)


def _constant_offsets(tz: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the spans between two clock changes, each with its offset from UTC. From `begin` to `end` are whole days.

    Comparing the offsets of each day finds them all: no zone has ever changed its clocks twice within a day.
    """
    offset = _utc_offset(tz, begin)
    for day in range(begin, end, DAY):
        tomorrow = day + DAY
        changed = _utc_offset(tz, tomorrow)
        if changed != offset:
            change = _first_moment_after_change(tz, day, tomorrow)
            yield begin, change, offset
            begin, offset = change, changed
    yield begin, end, offset


def _first_moment_after_change(tz: ZoneInfo, begin: int, end: int) -> int:
    """Find the first moment with another offset from UTC than at `begin`."""
    was = _utc_offset(tz, begin)
    return begin + bisect_left(range(begin, end), True, key=lambda moment: _utc_offset(tz, moment) != was)


def _without(windows: Sequence[tuple[int, int]], begin: int, end: int) -> tuple[tuple[int, int], ...]:
    """What of a day's windows lies before and after a closing."""
    parts = [part for opens, closes in windows for part in ((opens, min(closes, begin)), (max(opens, end), closes))]
    return tuple((opens, closes) for opens, closes in parts if opens < closes)


def _open_in_local_time(
    week: Week, special: Mapping[int, Sequence[tuple[int, int]]], begin: int, end: int
) -> Iterator[tuple[int, int]]:
    """Yield the open windows between two moments of local time, without a clock change between them. `special` are
    the days with other windows than their weekday's."""
    for day in range(begin // DAY, -(-end // DAY)):
        for opens, closes in special.get(day, week[_weekday(day)]):
            opens, closes = max(begin, day * DAY + opens), min(end, day * DAY + closes)
            if opens < closes:
                yield opens, closes


def _append_window(found: list[tuple[int, int]], opens: int, closes: int) -> None:
    """Append a window to `found`; one that touches the last prolongs it."""
    if found and found[-1][1] == opens:
        opens = found.pop()[0]
    found.append((opens, closes))


def _week_in_microseconds(windows: Windows) -> Week:
    """Check the windows and return them in microseconds of the day, Monday first."""
    if unknown := [day for day in windows if day not in WEEKDAYS]:
        raise ValueError(f"A weekday is a number from 0 (Monday) to 6 (Sunday), not {unknown[0]!r}.")
    week = tuple(tuple(_checked_windows(windows.get(day, ()))) for day in WEEKDAYS)
    if not any(week):
        raise ValueError("A calendar needs at least one open window.")
    return week


def _checked_windows(windows: Iterable[tuple[time, time]]) -> Iterator[tuple[int, int]]:
    last = 0
    for opens_at, closes_at in sorted(windows):
        opens, closes = _checked_span(opens_at, closes_at)
        if opens < last:
            raise ValueError(f"The window {opens_at:%H:%M}-{closes_at:%H:%M} overlaps the one before it.")
        yield opens, closes
        last = closes


def _checked_span(opens_at: time, closes_at: time) -> tuple[int, int]:
    """Check two times of a day and return them in microseconds."""
    if opens_at.tzinfo or closes_at.tzinfo:
        raise ValueError("The times of a window are the calendar's own: they carry no zone.")
    opens, closes = _time_of_day(opens_at), _time_of_day(closes_at) or DAY
    if closes <= opens:
        raise ValueError(f"The window {opens_at:%H:%M}-{closes_at:%H:%M} closes before it opens.")
    return opens, closes


def _without_pauses(begin: int, end: int | None, pauses: Sequence[Span]) -> Iterator[tuple[int, int | None]]:
    """Yield the parts of a span outside the pauses, which may overlap each other or lie outside the span. Nothing lies
    in a part that ends before it begins."""
    for pause_begins, pause_ends in sorted([_pause_in_microseconds(*pause) for pause in pauses]):
        yield begin, pause_begins if end is None else min(end, pause_begins)
        begin = max(begin, pause_ends)
    yield begin, end


def _pause_in_microseconds(begin: datetime, end: datetime) -> tuple[int, int]:
    span = _to_microseconds(begin), _to_microseconds(end)
    if span[1] < span[0]:
        raise ValueError(f"The pause from {begin} to {end} ends before it begins.")
    return span


def _to_microseconds(at: datetime) -> int:
    if at.utcoffset() is None:
        raise ValueError(f"{at} names no zone, so it is no moment.")
    return (at - EPOCH) // MICROSECOND


def _new_year(number: int) -> int:
    return _to_microseconds(datetime(number, 1, 1, tzinfo=UTC))


def _to_utc(moment: int) -> datetime:
    return EPOCH + moment * MICROSECOND


def _utc_offset(tz: ZoneInfo, moment: int) -> int:
    offset = _to_utc(moment).astimezone(tz).utcoffset()
    assert offset is not None  # a ZoneInfo always knows
    return offset // MICROSECOND


def _time_of_day(at: time) -> int:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond) // MICROSECOND


def _day_number(day: date) -> int:
    return day.toordinal() - EPOCH.toordinal()


def _weekday(day: int) -> int:
    return (day + EPOCH.weekday()) % 7
