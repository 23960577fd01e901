"""The next twelve months of a calendar: its closed days, and who is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from itertools import pairwise

from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from metrics.period import months_later
from sla.calendars.models import Absence, Calendar, CalendarDay, build_hours, national_holidays
from smarketing.database.together import fetch_together
from teams.models import Organization

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One day of the year view. `kind`: open, weekly (closed on that weekday), holiday, own, or part (own, and open for
    some of it)."""

    day: date
    kind: str
    name: str
    away: int


@dataclass(frozen=True)
class Closing:
    """Adjacent days closed for the same reason; `pk` is the first of the calendar's own, None for a holiday."""

    first: date
    last: date
    name: str
    pk: int | None = None
    # The times from and until which each of these days is closed; empty: all day.
    times: tuple[time, ...] = ()

    @property
    def hours(self) -> str:
        """ "13:00–24:00"; empty where it is closed all day."""
        return "–".join(f"{each:%-H:%M}" for each in self.times).replace("–0:00", "–24:00")


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


def build_year(calendar: Calendar, today: date) -> Year:
    """Build the view of twelve months from `today` on, each month whole."""
    start = today.replace(day=1)
    months = 12 if today == start else 13
    end = months_later(start, months)
    country = calendar.country or Organization.ours().country
    names = national_holidays(country, start.year, end.year, (get_language() or "")[:2])
    holidays = {day: name for day, name in names.items() if start <= day < end}
    closed, away = fetch_together(
        calendar.days.filter(day__gte=start, day__lt=end),
        absences_under(calendar).filter(from_on__lt=end, until_on__gte=start).select_related("user"),
    )
    own = {each.day: each for each in closed}
    hours = build_hours(calendar.windows, holidays, [each.span for each in own.values()], calendar.zone)
    absent = _count_away(away, start, end)
    closings = _closings(holidays, own)

    def build_day(day: date) -> Day:
        kind = "open" if day.weekday() in hours.windows else "weekly"
        name = ""
        if day in own or day in holidays:
            kind, name = ("holiday", holidays[day]) if day in holidays else ("own", "")
            if day in own and (day not in holidays or own[day].closed_from is None):
                kind, name = ("part" if hours.open_days(day, day + DAY) else "own"), own[day].name
        return Day(day, kind, name, absent.get(day, 0))

    year = Year([each for each in closings if each.last >= today])
    for first, following in pairwise(months_later(start, n) for n in range(months + 1)):
        year.months.append(
            Month(
                first=first,
                weeks=list(_split_into_weeks([build_day(day) for day in _days_from(first, following)])),
                closings=[each for each in closings if each.first < following and each.last >= first],
                absences=[each for each in away if each.from_on < following and each.until_on >= first],
                open_days=hours.open_days(first, following),
            )
        )
    return year


def absences_under(calendar: Calendar) -> QuerySet[Absence]:
    """The absences of active users whose calendar this is, as `Calendar.for_user` finds it."""
    no_own = Q(user__calendar_use=None)
    if calendar.is_default:
        theirs = no_own & (Q(user__team=None) | Q(user__team__calendar_use=None))
    else:
        theirs = Q(user__calendar_use__calendar=calendar) | no_own & Q(user__team__calendar_use__calendar=calendar)
    return Absence.objects.filter(theirs, user__is_active=True)


def adjacent_closed_days(day: CalendarDay) -> list[CalendarDay]:
    """This closed day and those adjacent to it that have the same name."""
    alike = CalendarDay.objects.filter(
        calendar=day.calendar_id, name=day.name, closed_from=day.closed_from, closed_until=day.closed_until
    )
    same = {each.day: each for each in alike}
    found = [day]
    for step in (-DAY, DAY):
        beside = day.day + step
        while beside in same:
            found.append(same[beside])
            beside += step
    return found


def _closings(holidays: dict[date, str], own: dict[date, CalendarDay]) -> list[Closing]:
    """Holidays one by one, and adjacent own days of the same name as one, by their first day."""
    found = [Closing(day, day, name) for day, name in holidays.items() if day not in own]
    for day in sorted(own):
        last = found[-1] if found else None
        _day, *times = own[day].span
        closing = Closing(day, day, own[day].name, own[day].pk, tuple(times))
        if last and last.pk and last.last + DAY == day and (last.name, last.times) == (closing.name, closing.times):
            found[-1] = replace(last, last=day)
        else:
            found.append(closing)
    return sorted(found, key=lambda closing: closing.first)


def _count_away(away: list[Absence], start: date, end: date) -> dict[date, int]:
    counted: dict[date, int] = {}
    for absence in away:
        for day in _days_from(max(absence.from_on, start), min(absence.until_on + DAY, end)):
            counted[day] = counted.get(day, 0) + 1
    return counted


def _days_from(first: date, end: date) -> Iterator[date]:
    return (first + n * DAY for n in range((end - first).days))


def _split_into_weeks(days: list[Day]) -> Iterator[list[Day | None]]:
    padded: list[Day | None] = [*[None] * days[0].day.weekday(), *days]
    padded += [None] * (-len(padded) % 7)
    return (padded[n : n + 7] for n in range(0, len(padded), 7))
