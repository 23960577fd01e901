"""Opening hours: when the clock of a promise runs.

A calendar is open exactly while the clock on the wall shows a time inside one of that weekday's windows, and the day
is no holiday. What happens on the days when that clock is changed follows:

- Clocks go forward: the hour that the wall never shows is never open. 01:00-04:00 lasts two hours that night, and a
  window that lies wholly in the gap does not happen. A day that a country left out (Samoa, 30 December 2011) is not
  there at all.
- Clocks go back: the hour that the wall shows twice is open twice. 01:00-04:00 lasts four hours that night.

All sums are done in whole microseconds of UTC, so that no change of the clock can reach them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

Windows: TypeAlias = dict[int, list[tuple[time, time]]]
Span: TypeAlias = tuple[datetime, datetime]

# Inside this module a moment is a whole number of microseconds since 1970 in UTC, and a day a number of days since.
Week: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
FIVE_YEARS = 1827 * DAY


@dataclass(frozen=True)
class OpeningHours:
    """When a team works: several windows a weekday (0 is Monday), its holidays, and the zone of the clock on its wall.

    A window that closes at 00:00 closes at the end of its day. Windows may touch, not overlap. A calendar without any
    window is refused: no promise could ever fall due in it.
    """

    windows: Windows
    holidays: frozenset[date]
    tz: ZoneInfo
    _week: Week = field(init=False, repr=False, compare=False)
    _closed: frozenset[int] = field(init=False, repr=False, compare=False)
    _known: dict[int, _Year] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        week = _week(self.windows)
        kept = {day: sorted(windows) for day, windows in sorted(self.windows.items()) if windows}
        object.__setattr__(self, "windows", kept)
        object.__setattr__(self, "holidays", frozenset(self.holidays))
        object.__setattr__(self, "_week", week)
        object.__setattr__(self, "_closed", frozenset(_day(holiday) for holiday in self.holidays))
        object.__setattr__(self, "_known", {})

    def __hash__(self) -> int:
        return hash((self._week, self._closed, self.tz))

    def deadline(self, start: datetime, target: timedelta, pauses: Sequence[Span] = ()) -> datetime:
        """Return the moment at which `target` of open time has passed since `start`, pauses left out.

        The end of a window beats the start of the next. `ValueError` for a target that is not positive, and where
        five years go by without any opening.
        """
        left = target // MICROSECOND
        if left <= 0:
            raise ValueError(f"A target must be longer than nothing, not {target}.")
        begin = last_open = _moment(start)
        for stretch_begin, stretch_end in _unpaused(begin, None, pauses):
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
        raise AssertionError("The last stretch has no end.")

    def elapsed(self, start: datetime, end: datetime, pauses: Sequence[Span] = ()) -> timedelta:
        """Return the open time between two moments, pauses left out; nothing if `end` is not after `start`."""
        stretches = _unpaused(_moment(start), _moment(end), pauses)
        return sum((self._open_between(*stretch) for stretch in stretches), 0) * MICROSECOND

    def at_share(self, start: datetime, target: timedelta, share: float, pauses: Sequence[Span] = ()) -> datetime:
        """Return the moment at which that share of the target (0.5 is half) has passed: when to remind."""
        return self.deadline(start, target * share, pauses)

    def is_open(self, at: datetime) -> bool:
        moment = _moment(at)
        return self._year_of(moment).is_open(moment)

    def open_seconds_left(self, at: datetime, due: datetime) -> int:
        """Return the open seconds until `due`, a begun second counted whole: 0 only when nothing is left."""
        return -(-self.elapsed(at, due) // timedelta(seconds=1))

    def next_windows(self, at: datetime, days: int = 7) -> list[Span]:
        """Return what is open from `at` on (a window under way begins at `at`), today and the days after, `days` in
        all. What touches is one window."""
        begin = _moment(at)
        today = at.astimezone(self.tz).date()
        end = _moment(datetime.combine(today + timedelta(days=days), time(), self.tz))
        found: list[tuple[int, int]] = []
        for year, since, until in self._years(begin, end):
            for opens, closes in year.between(since, until):
                _add(found, opens, closes)
        return [(self._local(opens), self._local(closes)) for opens, closes in found]

    def open_days(self, start: date, end: date) -> int:
        """Count the days on which anything is open, `start` included, `end` not."""
        return sum(1 for day in range(_day(start), _day(end)) if self._week[_weekday(day)] and day not in self._closed)

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
        number = _utc(moment).year
        if not MINYEAR < number < MAXYEAR:
            raise ValueError("Opening hours do not reach that far.")
        if number not in self._known:
            self._known[number] = _year(self._week, self._closed, self.tz, number)
        return self._known[number]

    def _local(self, moment: int) -> datetime:
        return _utc(moment).astimezone(self.tz)


class _Year:
    """One year of UTC, worked out: what is open in it, and how much was open before each opening."""

    def __init__(self, ends: int, found: list[tuple[int, int]]) -> None:
        self.ends = ends
        self.opens = [opens for opens, _ in found]
        self.closes = [closes for _, closes in found]
        self.before = [0]
        for opens, closes in found:
            self.before.append(self.before[-1] + closes - opens)

    def open_before(self, moment: int) -> int:
        """How much was open from the start of the year to this moment of it."""
        nth = bisect_right(self.opens, moment) - 1
        if nth < 0:
            return 0
        return self.before[nth] + min(moment, self.closes[nth]) - self.opens[nth]

    def moment(self, passed: int) -> int:
        """The first moment at which that much has been open; the end of a window beats the start of the next."""
        nth = bisect_left(self.before, passed) - 1
        return self.opens[nth] + passed - self.before[nth]

    def opening(self, passed: int) -> int:
        """The last moment at which no more than that has been open: the start of a window beats the end of the one
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
def _year(week: Week, closed: frozenset[int], tz: ZoneInfo, number: int) -> _Year:
    begin = _moment(datetime(number, 1, 1, tzinfo=UTC))
    end = _moment(datetime(number + 1, 1, 1, tzinfo=UTC))
    found: list[tuple[int, int]] = []
    for since, until, offset in _steady_clock(tz, begin, end):
        for opens, closes in _on_the_wall(week, closed, since + offset, until + offset):
            _add(found, opens - offset, closes - offset)
    return _Year(end, found)


def _steady_clock(tz: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the stretches between two changes of the clock, each with what the wall is ahead of UTC.

    One look a day finds them all: no zone has ever changed its clock twice within a day.
    """
    offset = _ahead(tz, begin)
    for day in range(begin, end, DAY):
        tomorrow = min(day + DAY, end)
        changed = _ahead(tz, tomorrow)
        if changed != offset:
            change = _change(tz, day, tomorrow)
            yield begin, change, offset
            begin, offset = change, changed
    yield begin, end, offset


def _change(tz: ZoneInfo, begin: int, end: int) -> int:
    """Find the first moment at which the wall is no longer ahead of UTC by what it was."""
    was = _ahead(tz, begin)
    return begin + bisect_left(range(begin, end), True, key=lambda moment: _ahead(tz, moment) != was)


def _on_the_wall(week: Week, closed: frozenset[int], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what is open while the wall goes steadily from one reading to another."""
    for day in range(begin // DAY, -(-end // DAY)):
        if day in closed:
            continue
        for opens, closes in week[_weekday(day)]:
            opens, closes = max(begin, day * DAY + opens), min(end, day * DAY + closes)
            if opens < closes:
                yield opens, closes


def _add(found: list[tuple[int, int]], opens: int, closes: int) -> None:
    """Add a window after the others; one that touches the last prolongs it."""
    if found and found[-1][1] == opens:
        opens = found.pop()[0]
    found.append((opens, closes))


def _week(windows: Windows) -> Week:
    """Check the windows and give them as microseconds of the day, Monday first."""
    if unknown := [day for day in windows if day not in range(7)]:
        raise ValueError(f"A weekday is a number from 0 (Monday) to 6 (Sunday), not {unknown[0]!r}.")
    week = tuple(tuple(_opening(windows.get(day, ()))) for day in range(7))
    if not any(week):
        raise ValueError("A calendar needs at least one open window.")
    return week


def _opening(windows: Iterable[tuple[time, time]]) -> Iterator[tuple[int, int]]:
    last = 0
    for opens_at, closes_at in sorted(windows):
        if opens_at.tzinfo or closes_at.tzinfo:
            raise ValueError("The times of a window are the calendar's own: they carry no zone.")
        opens, closes = _time(opens_at), _time(closes_at) or DAY
        if closes <= opens:
            raise ValueError(f"The window {opens_at:%H:%M}-{closes_at:%H:%M} closes before it opens.")
        if opens < last:
            raise ValueError(f"The window {opens_at:%H:%M}-{closes_at:%H:%M} overlaps the one before it.")
        yield opens, closes
        last = closes


def _unpaused(begin: int, end: int | None, pauses: Sequence[Span]) -> Iterator[tuple[int, int | None]]:
    """Yield what is left of a stretch of time without the pauses, which may overlap or lie outside."""
    for pause_begins, pause_ends in sorted([_pause(*pause) for pause in pauses]):
        if begin < pause_begins and (end is None or begin < end):
            yield begin, pause_begins if end is None else min(end, pause_begins)
        begin = max(begin, pause_ends)
    if end is None or begin < end:
        yield begin, end


def _pause(begin: datetime, end: datetime) -> tuple[int, int]:
    span = _moment(begin), _moment(end)
    if span[1] < span[0]:
        raise ValueError(f"The pause from {begin} to {end} ends before it begins.")
    return span


def _moment(at: datetime) -> int:
    if at.utcoffset() is None:
        raise ValueError(f"{at} names no zone, so it is no moment.")
    return (at - EPOCH) // MICROSECOND


def _utc(moment: int) -> datetime:
    return EPOCH + moment * MICROSECOND


def _ahead(tz: ZoneInfo, moment: int) -> int:
    offset = _utc(moment).astimezone(tz).utcoffset()
    assert offset is not None  # a ZoneInfo always knows
    return offset // MICROSECOND


def _time(at: time) -> int:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond) // MICROSECOND


def _day(day: date) -> int:
    return day.toordinal() - EPOCH.toordinal()


def _weekday(day: int) -> int:
    return (day + EPOCH.weekday()) % 7
