"""The next twelve months of a calendar: which days are closed and why, and who is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from metrics.period import months_later
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Absence, Calendar, CalendarDay, national_holidays, windows_of
from teams.models import Organization

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One day of the year view. `kind`: open, weekly (closed on that weekday), holiday or own."""

    day: date
    kind: str
    name: str
    away: int


@dataclass(frozen=True)
class Closing:
    """Closed days in a row for the same reason; those of the company's own choice can be opened again by `pk`."""

    first: date
    last: date
    name: str
    pk: int | None = None


@dataclass
class Month:
    first: date
    # Weeks from Monday on; None where the day is of another month.
    weeks: list[list[Day | None]]
    closings: list[Closing]
    absences: list[Absence]
    open_days: int


@dataclass
class Year:
    # What is closed from today on.
    closings: list[Closing]
    months: list[Month] = field(default_factory=list)


def year_of(calendar: Calendar, today: date) -> Year:
    """Twelve months from `today` on, each month whole."""
    start = today.replace(day=1)
    months = 12 if today == start else 13
    end = months_later(start, months)
    country = calendar.country or Organization.ours().country
    names = national_holidays(country, start.year, end.year, (get_language() or "")[:2])
    holidays = {day: name for day, name in names.items() if start <= day < end}
    own = {each.day: each for each in calendar.days.filter(day__gte=start, day__lt=end)}
    hours = OpeningHours(windows_of(calendar.windows), frozenset({*holidays, *own}), calendar.zone)
    away = list(absences_by(calendar).filter(from_on__lt=end, until_on__gte=start).select_related("user"))
    absent = _counted(away, start, end)
    closings = _closings(holidays, own)

    def seen(day: date) -> Day:
        kind = "open" if day.weekday() in hours.windows else "weekly"
        name = ""
        if day in own or day in holidays:
            kind, name = ("own", own[day].name) if day in own else ("holiday", holidays[day])
        return Day(day, kind, name, absent.get(day, 0))

    year = Year([each for each in closings if each.last >= today])
    for first, following in pairwise(months_later(start, n) for n in range(months + 1)):
        year.months.append(
            Month(
                first=first,
                weeks=list(_weeks([seen(day) for day in _days(first, following)])),
                closings=[each for each in closings if each.first < following and each.last >= first],
                absences=[each for each in away if each.from_on < following and each.until_on >= first],
                open_days=hours.open_days(first, following),
            )
        )
    return year


def absences_by(calendar: Calendar) -> QuerySet[Absence]:
    """The absences of those who work by this calendar: it is their own, or else their team's, or else nobody's."""
    no_own = Q(user__calendar_use=None)
    if calendar.is_default:
        theirs = no_own & (Q(user__team=None) | Q(user__team__calendar_use=None))
    else:
        theirs = Q(user__calendar_use__calendar=calendar) | no_own & Q(user__team__calendar_use__calendar=calendar)
    return Absence.objects.filter(theirs, user__is_active=True)


def stretch_of(day: CalendarDay) -> list[CalendarDay]:
    """The closed days around this one, in a row and for the same."""
    same = {each.day: each for each in CalendarDay.objects.filter(calendar=day.calendar_id, name=day.name)}
    found = [day]
    for step in (-DAY, DAY):
        beside = day.day + step
        while beside in same:
            found.append(same[beside])
            beside += step
    return found


def _closings(holidays: dict[date, str], own: dict[date, CalendarDay]) -> list[Closing]:
    """Holidays one by one, own days in a row as one, by their first day."""
    found = [Closing(day, day, name) for day, name in holidays.items() if day not in own]
    for day in sorted(own):
        last = found[-1] if found else None
        if last and last.pk and last.last + DAY == day and last.name == own[day].name:
            found[-1] = Closing(last.first, day, last.name, last.pk)
        else:
            found.append(Closing(day, day, own[day].name, own[day].pk))
    return sorted(found, key=lambda closing: closing.first)


def _counted(away: list[Absence], start: date, end: date) -> dict[date, int]:
    counted: dict[date, int] = {}
    for absence in away:
        for day in _days(max(absence.from_on, start), min(absence.until_on + DAY, end)):
            counted[day] = counted.get(day, 0) + 1
    return counted


def _days(first: date, end: date) -> Iterator[date]:
    return (first + n * DAY for n in range((end - first).days))


def _weeks(days: list[Day]) -> Iterator[list[Day | None]]:
    padded: list[Day | None] = [*[None] * days[0].day.weekday(), *days]
    padded += [None] * (-len(padded) % 7)
    return (padded[n : n + 7] for n in range(0, len(padded), 7))
