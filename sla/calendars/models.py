"""When the clocks of our promises run, and when people are there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Cast
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from metrics.changes import watched
from sla.calendars.hours import OpeningHours
from smarketing.company import company_zone
from smarketing.database.statements import Given, Statement
from teams.models import Organization, Team, User, valid_time_zone


class Calendar(models.Model):
    """When the clocks of our promises run."""

    name = models.CharField(_("Name"), max_length=80, unique=True)
    is_default = models.BooleanField(default=False, editable=False)
    # Empty: the company's.
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True, validators=[valid_time_zone])
    country = models.CharField(_("Holidays of"), max_length=2, blank=True)
    # {"0": [["09:00", "12:00"], ["13:00", "18:00"]], …}, 0 = Monday; 00:00 closes at the end of the day.
    windows = models.JSONField(_("Opening hours"))

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_calendar")
        ]
        triggers = watched()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def default(cls) -> Calendar:
        return cls.objects.get(is_default=True)

    @classmethod
    def of(cls, user: User) -> Calendar:
        """Whose hours a person's clocks run by: their own, their team's, or the company's."""
        return cls._nearest(user.pk, user.team_id or 0)[:1].get()

    @classmethod
    def _nearest(cls, user: Given | int, team: Given | int) -> models.QuerySet[Calendar]:
        """Their own calendar before their team's before the company's."""
        own, of_team = Q(uses__user=user), Q(uses__team=team)
        near = Case(When(own, then=0), When(of_team, then=1), default=2)
        return cls.objects.filter(own | of_team | Q(is_default=True)).order_by(near)

    @classmethod
    def hours_of(cls, user: User, *, at: datetime) -> OpeningHours:
        """`Calendar.of(user).hours(at=at)`, in one statement."""
        [(windows, closed, country, zone)] = HOURS.rows(user=user.pk, team=user.team_id)
        return _opening_hours(windows, frozenset(closed), country, at.year, ZoneInfo(zone) if zone else company_zone())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone) if self.time_zone else company_zone()

    def hours(self, *, at: datetime | None = None) -> OpeningHours:
        """Return the opening hours as they stand, with the holidays of the years around `at`.

        Raises `ValueError` when no window is open. Deadlines are computed with it once and kept.
        """
        closed = frozenset(day.day for day in self.days.all())
        country = self.country or Organization.ours().country
        return _opening_hours(json.dumps(self.windows), closed, country, (at or now()).year, self.zone)


@lru_cache(maxsize=64)
def _opening_hours(windows: str, closed: frozenset[date], country: str, year: int, zone: ZoneInfo) -> OpeningHours:
    """Made once of all that decides them: then they need not work out their years again for each page."""
    national = national_holidays(country, year - 1, year + 6)
    return OpeningHours(windows_of(json.loads(windows)), closed | national.keys(), zone)


def _hours() -> models.QuerySet[Calendar, Any]:
    """Of one person's calendar: the windows as they are stored, the days on which it is closed, whose holidays close
    it, and its own zone."""
    days = CalendarDay.objects.filter(calendar=OuterRef("pk")).order_by().values("day")
    ours = Organization.objects.filter(pk=1).values("country")
    country = Case(When(country="", then=Subquery(ours)), default=F("country"))
    nearest = Calendar._nearest(Given("user", models.BigIntegerField()), Given("team", models.BigIntegerField()))
    return nearest.values_list(Cast("windows", models.TextField()), ArraySubquery(days), country, "time_zone")[:1]


HOURS = Statement(_hours)


def windows_of(stored: dict[str, list[list[str]]]) -> dict[int, list[tuple[time, time]]]:
    """Read windows as `Calendar.windows` keeps them. Raises `ValueError` for what is no time."""
    return {
        int(weekday): [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in windows]
        for weekday, windows in stored.items()
    }


@lru_cache(maxsize=32)
def national_holidays(country: str, first_year: int, last_year: int, language: str = "") -> Mapping[date, str]:
    """Return a country's holidays from one year through another, by day; none for an unknown country. Their names are
    in the country's own language, or in `language` where they are known in it."""
    if country not in holidays.list_supported_countries():
        return {}
    known = holidays.country_holidays(country).supported_languages
    spoken = next((each for each in known if language and each.startswith(language)), None)
    return dict(holidays.country_holidays(country, years=range(first_year, last_year + 1), language=spoken))


class CalendarDay(models.Model):
    """A day on which the company is closed by its own choice."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="days")
    day = models.DateField(_("Day"))
    name = models.CharField(_("What for"), max_length=80, blank=True)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="a_day_is_closed_once")]
        triggers = watched()


class CalendarUse(models.Model):
    """Whose clocks run by a calendar that is not the company's: a team's, or one person's."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="uses")
    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="calendar_use")
    user = models.OneToOneField(User, models.CASCADE, null=True, blank=True, related_name="calendar_use")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(team=None, user__isnull=False) | Q(team__isnull=False, user=None),
                name="a_calendar_is_used_by_a_team_or_a_person",
            )
        ]


class Absence(models.Model):
    """Days on which somebody is away: nothing is offered to them, and nothing runs away from the rest."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    from_on = models.DateField(_("From"))
    until_on = models.DateField(_("Until, that day included"))
    note = models.CharField(_("Note"), max_length=120, blank=True)

    class Meta:
        ordering = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(from_on__lte=F("until_on")), name="an_absence_ends_after_it_begins")
        ]
        indexes = [models.Index(fields=["user", "until_on"], name="absence_of_user")]


def calendars_of(users: Iterable[User]) -> dict[int, Calendar]:
    """Whose hours each person's clocks run by, by the person's id: `Calendar.of` for many, in two queries."""
    known = {user.pk: user.team_id for user in users}
    used = CalendarUse.objects.filter(Q(user__in=known) | Q(team__in={team for team in known.values() if team}))
    own: dict[int, Calendar] = {}
    of_team: dict[int, Calendar] = {}
    for use in used.select_related("calendar"):
        if use.user_id:
            own[use.user_id] = use.calendar
        elif use.team_id:
            of_team[use.team_id] = use.calendar
    company = Calendar.default()
    return {pk: own.get(pk) or of_team.get(team or 0) or company for pk, team in known.items()}
