"""Periods of company days, half open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from smarketing.company import company_zone

Step = Literal["week", "month", "quarter"]


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start`, inclusive, to `end`, exclusive.

    A day lasts from midnight to midnight in the company's zone, whatever the clock does in between: a fact at midnight
    on Monday counts in the new week only.
    """

    start: date
    end: date
    zone: ZoneInfo = field(default_factory=company_zone, repr=False, compare=False)
    # Kept by a week or month that the period around it cuts short.
    name: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"A period ends after it starts: {self.start} to {self.end} has no days.")

    @classmethod
    def week_of(cls, day: date | datetime, zone: ZoneInfo | None = None) -> Period:
        """The week, Monday to Monday, that a day or a moment lies in."""
        zone = zone or company_zone()
        day = _day(day, zone)
        monday = day - timedelta(days=day.weekday())
        return cls(monday, monday + timedelta(weeks=1), zone, name=monday.isoformat())

    @classmethod
    def month_of(cls, day: date | datetime, zone: ZoneInfo | None = None) -> Period:
        zone = zone or company_zone()
        first = _day(day, zone).replace(day=1)
        return cls(first, months_later(first, 1), zone, name=f"{first:%Y-%m}")

    @classmethod
    def quarter_of(cls, day: date | datetime, zone: ZoneInfo | None = None) -> Period:
        zone = zone or company_zone()
        day = _day(day, zone)
        first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
        return cls(first, months_later(first, 3), zone, name=f"{first.year}-Q{(first.month + 2) // 3}")

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.start, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period."""
        return datetime.combine(self.end, time(), self.zone)

    @property
    def key(self) -> str:
        """`2018-04` for a month, the Monday for a week, `2018-Q2` for a quarter, else `start/end`."""
        return self.name or f"{self.start}/{self.end}"

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def __contains__(self, at: date | datetime) -> bool:
        return self.start <= _day(at, self.zone) < self.end

    def previous(self) -> Period:
        """The period of the same kind just before: the week, the month, or as many days."""
        return self._moved(-1)

    def next(self) -> Period:
        return self._moved(1)

    def split(self, step: Step) -> list[Period]:
        """Cut it into weeks, months or quarters; the first and the last may be cut short, and keep their keys."""
        return list(self._parts(step))

    def _parts(self, step: Step) -> Iterator[Period]:
        whole = {"week": Period.week_of, "month": Period.month_of, "quarter": Period.quarter_of}[step]
        part = whole(self.start, self.zone)
        while part.start < self.end:
            yield replace(part, start=max(part.start, self.start), end=min(part.end, self.end))
            part = whole(part.end, self.zone)

    def _moved(self, steps: int) -> Period:
        months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
        if self.start.day == self.end.day == 1:
            moved = months_later(self.start, steps * months), months_later(self.end, steps * months)
        else:
            by = steps * timedelta(days=self.days)
            moved = self.start + by, self.end + by
        return _named(Period(*moved, self.zone))


def _named(period: Period) -> Period:
    """The period with the key of a week, month or quarter, if it is one."""
    for whole in (Period.week_of, Period.month_of, Period.quarter_of):
        candidate = whole(period.start, period.zone)
        if candidate == period:
            return candidate
    return period


def _day(day: date | datetime, zone: ZoneInfo) -> date:
    """The day that a moment lies in, in that zone; a day as it is. `ValueError` for a moment without a zone."""
    if not isinstance(day, datetime):
        return day
    if day.utcoffset() is None:
        raise ValueError(f"{day} names no zone, so it is no moment.")
    return day.astimezone(zone).date()


def months_later(first: date, months: int) -> date:
    """The first day of the month so many months after that of `first`."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
