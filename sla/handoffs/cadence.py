"""The cadence: so many touches in so many open days before a lead may be given up, and which of them is due when.

No database. The agreed touches lie evenly over the agreed days: of six in ten days the first is due by the end of
the second day, the second by that of the fourth, and the sixth by that of the tenth. Nothing is due for a rep who
is ahead of that, after a contact, or once the lead has moved on. A day on which the timer of the first touch is paused
from opening to closing is no open day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Protocol

from sla.calendars.hours import OpeningHours, Span

DAY = timedelta(days=1)
FIVE_YEARS = 1827


class CadencePolicy(Protocol):
    """The fields of a policy about touches; None: nothing is agreed."""

    touches: int | None
    touch_days: int | None


@dataclass(frozen=True)
class Cadence:
    """At least so many touches in so many open days."""

    touches: int
    days: int

    @classmethod
    def of(cls, policy: CadencePolicy | None) -> Cadence | None:
        if policy is None or not policy.touches or not policy.touch_days:
            return None
        return cls(policy.touches, policy.touch_days)

    def due_day(self, number: int) -> int:
        """Return the open day, counted from 1, on which the touch of that number is due."""
        return -(-number * self.days // self.touches)


@dataclass(frozen=True)
class Progress:
    """The state of the agreed touches of one hand-off, on one day.

    `next` is the number of the touch that is due, `due_on` its day; both None once nothing is due any more.
    """

    made: int
    agreed: int
    today: date
    reached: bool = False
    next: int | None = None
    due_on: date | None = None

    @property
    def is_done(self) -> bool:
        """Whether the hand-off may be given up without a note."""
        return self.next is None

    @property
    def is_due_today(self) -> bool:
        return self.due_on == self.today

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < self.today


def measure_progress(
    cadence: Cadence | None,
    accepted_at: datetime,
    hours: OpeningHours,
    *,
    made: int,
    reached: bool = False,
    moved_on: bool = False,
    pauses: Sequence[Span] = (),
    at: datetime,
) -> Progress:
    """Return how far `made` touches are at the moment `at`, by those hours. `reached`: one of them was a contact.

    `ValueError` where five years go by without an open day.
    """
    today = at.astimezone(hours.tz).date()
    agreed = cadence.touches if cadence else 0
    if cadence is None or reached or moved_on or made >= agreed:
        return Progress(made, agreed, today, reached)
    due_on = open_day(hours, accepted_at, cadence.due_day(made + 1), pauses)
    return Progress(made, agreed, today, reached, made + 1, due_on)


def open_day(hours: OpeningHours, start: datetime, number: int, pauses: Sequence[Span] = ()) -> date:
    """Return the open day of that number, counted from 1. The first is the day of `start`, if anything of it is still
    open then."""
    day = start.astimezone(hours.tz).date()
    if not hours.next_windows(start, 1):
        day += DAY
    closed = 0
    while True:
        is_open = _is_open(hours, day, pauses)
        number -= is_open
        if number == 0:
            return day
        closed = 0 if is_open else closed + 1
        if closed > FIVE_YEARS:
            raise ValueError("There is no open day within five years.")
        day += DAY


@lru_cache(maxsize=128)
def day_ends(hours: OpeningHours, before: date, number: int) -> Sequence[datetime]:
    """Return when each of the last open days before a day ends, the earliest first.

    The open day of number `n` from a moment on is the `n`th of those that end later: it is the rule of `open_day`, for
    a database to find what is overdue.
    """
    days = list(islice(_open_days(hours, before - DAY, -DAY), number))
    return tuple(_end_of(hours, day) for day in reversed(days))


@lru_cache(maxsize=128)
def days_around(hours: OpeningHours, today: date, number: int) -> tuple[Sequence[date], Sequence[datetime]]:
    """Return the last open days before a day and as many from it on, the earliest first, and when each ends: for a
    database to find which of them is due, by the rule of `day_ends`."""
    past = list(islice(_open_days(hours, today - DAY, -DAY), number))
    days = (*reversed(past), *islice(_open_days(hours, today, DAY), number))
    return days, tuple(_end_of(hours, day) for day in days)


def _open_days(hours: OpeningHours, day: date, step: timedelta) -> Iterator[date]:
    while True:
        if hours.open_days(day, day + DAY):
            yield day
        day += step


def _end_of(hours: OpeningHours, day: date) -> datetime:
    begins = datetime.combine(day, time(), hours.tz)
    # A day whose only window is skipped by the clocks is counted, and over when it begins.
    return max((until for _since, until in hours.next_windows(begins, 1)), default=begins)


def _is_open(hours: OpeningHours, day: date, pauses: Sequence[Span]) -> bool:
    if not hours.open_days(day, day + DAY):
        return False
    if not pauses:
        return True
    begins, ends = (datetime.combine(each, time(), hours.tz) for each in (day, day + DAY))
    return hours.elapsed(begins, ends, pauses) > timedelta()
