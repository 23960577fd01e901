"""Opening hours by which timers run, and the absences of people."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import holidays
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from metrics.changes import watched
from sla.calendars.hours import OpeningHours
from smarketing.company import company_zone
from smarketing.database.statements import Given, Statement, given_ids
from smarketing.database.together import Together
from smarketing.database.vocabulary import VocabularyQuerySet, recall
from teams.models import Organization, Team, User, valid_time_zone


class StatedHours(TypedDict):
    """All that decides opening hours, as it stood at a moment."""

    windows: dict[str, list[list[str]]]
    # Each as "2026-12-24 13:00:00 00:00:00", or the day alone.
    closed: list[str]
    country: str
    zone: str


class Calendar(models.Model):
    """Opening hours by which timers run: the company's, or those of some teams and people."""

    name = models.CharField(_("Name"), max_length=80, unique=True)
    is_default = models.BooleanField(default=False, editable=False)
    # Empty: the company's.
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True, validators=[valid_time_zone])
    country = models.CharField(_("Holidays of"), max_length=2, blank=True)
    # {"0": [["09:00", "12:00"], ["13:00", "18:00"]], …}, 0 = Monday; 00:00 closes at the end of the day.
    windows = models.JSONField(_("Opening hours"))

    objects = VocabularyQuerySet["Calendar"].as_manager()

    class Meta:
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_calendar")
        ]
        triggers = [*watched(uncounted="name"), *edited("name")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def default(cls) -> Calendar:
        return cls.objects.look_up(is_default=True)

    @classmethod
    def for_user(cls, user: User) -> Calendar:
        """The calendar by which a person's timers run: their own, their team's, or the company's."""
        return cls.nearest(user.pk, user.team_id or 0)[:1].get()

    @classmethod
    def nearest(cls, user: OuterRef | Given | int, team: OuterRef | Given | int) -> models.QuerySet[Calendar]:
        """The calendars of a user: their own first, then their team's, then the company's."""
        own, of_team = Q(uses__user=user), Q(uses__team=team)
        near = Case(When(own, then=0), When(of_team, then=1), default=2)
        # As a column, so that it may refer to a query around this one.
        return cls.objects.filter(own | of_team | Q(is_default=True)).alias(near=near).order_by("near")

    @classmethod
    def hours_for(cls, user: User, *, at: datetime) -> OpeningHours:
        """`Calendar.for_user(user).hours(at=at)`, in one statement."""
        [(windows, closed, country, zone)] = HOURS_OF_USER.rows(user=user.pk, team=user.team_id)
        days = frozenset(tuple(map(str, day.split())) for day in closed)
        return _cached_hours(windows, days, country, at.year, ZoneInfo(zone) if zone else company_zone())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone) if self.time_zone else company_zone()

    def hours(self, *, at: datetime | None = None) -> OpeningHours:
        """Return the opening hours as they stand, with the holidays of the years around `at`.

        Raises `ValueError` when no window is open. Deadlines are computed with it once and kept.
        """
        closed = recall((CalendarDay, self.pk), self._closed)
        country = self.country or Organization.ours().country
        return _cached_hours(json.dumps(self.windows), closed, country, (at or now()).year, self.zone)

    def with_closed(self, *, at: datetime) -> OpeningHours:
        """`hours`, of one that was read with its closed days and its country."""
        return hours_as_stated(self.stated(), at=at)

    def stated(self) -> StatedHours:
        """All that decides the hours of one that was read with its closed days and its country, to be kept."""
        row: Any = self
        return {"windows": self.windows, "closed": row.closed, "country": row.of_country, "zone": str(self.zone)}

    def _closed(self) -> frozenset[tuple[str, ...]]:
        return frozenset(tuple(map(str, day.span)) for day in self.days.all())


def hours_as_stated(stated: StatedHours, *, at: datetime) -> OpeningHours:
    """The opening hours that `Calendar.stated` kept, with the holidays of the years around `at`."""
    days = frozenset(tuple(map(str, day.split())) for day in stated["closed"])
    return _cached_hours(json.dumps(stated["windows"]), days, stated["country"], at.year, ZoneInfo(stated["zone"]))


@lru_cache(maxsize=256)
def hours_as_text(stated: str, year: int) -> OpeningHours:
    """The same of what a statement gives as text, with the holidays of the years around `year`: a list has many clocks
    of the same hours."""
    return hours_as_stated(json.loads(stated), at=datetime(year, 1, 1, tzinfo=UTC))


@lru_cache(maxsize=64)
def _cached_hours(
    windows: str, closed: frozenset[tuple[str, ...]], country: str, year: int, zone: ZoneInfo
) -> OpeningHours:
    """Cached by all that decides them, as each instance caches the years that it has computed. `closed` are days, each
    with the times from and until which it is closed, if not for the whole of it."""
    national = national_holidays(country, year - 1, year + 6)
    return build_hours(json.loads(windows), national, [_read_span(day) for day in closed], zone)


def build_hours(
    windows: dict[str, list[list[str]]],
    holidays: Iterable[date],
    closed: Collection[tuple[date, *tuple[time, ...]]],
    zone: ZoneInfo,
) -> OpeningHours:
    """Opening hours of stored windows. `closed` are days, each with the two times of a closing that is not of the whole
    day."""
    whole = {day for day, *times in closed if not times}
    partly = {day: (times[0], times[1]) for day, *times in closed if times}
    return OpeningHours(read_stored_windows(windows), frozenset({*holidays, *whole}), zone, partly)


def _read_span(stored: tuple[str, ...]) -> tuple[date, *tuple[time, ...]]:
    return (date.fromisoformat(stored[0]), *map(time.fromisoformat, stored[1:]))


def _closed_spans() -> ArraySubquery:
    """The closed days of a calendar, each as "2026-12-24 13:00:00 00:00:00", or the day alone."""
    text = models.TextField()
    times = [Value(" "), Cast("closed_from", text), Value(" "), Cast("closed_until", text)]
    part = Case(When(closed_from=None, then=Value("", text)), default=Concat(*times, output_field=text))
    span = Concat(Cast("day", text), part, output_field=text)
    return ArraySubquery(CalendarDay.objects.filter(calendar=OuterRef("pk")).order_by().values_list(span))


def _hours_query() -> models.QuerySet[Calendar, Any]:
    """The stored windows, the closed days, the country of the holidays and the own time zone of a user's calendar."""
    nearest = Calendar.nearest(Given("user", models.BigIntegerField()), Given("team", models.BigIntegerField()))
    return nearest.values_list(Cast("windows", models.TextField()), _closed_spans(), _country(), "time_zone")[:1]


def _country() -> Case:
    ours = Organization.objects.filter(pk=1).values("country")
    return Case(When(country="", then=Subquery(ours)), default=F("country"))


HOURS_OF_USER = Statement(_hours_query)


def _calendars_of_users() -> list[models.QuerySet[Any, Any]]:
    """The nearest calendar of each of some users, and all calendars, with their closed days and countries."""
    nearest = Calendar.nearest(OuterRef("pk"), OuterRef("team")).values("pk")[:1]
    users = User.objects.get_queryset().filter(pk__among=given_ids("users")).order_by()
    calendars = Calendar.objects.annotate(closed=_closed_spans(), of_country=_country())
    return [users.values_list("pk", Subquery(nearest)), calendars]


CALENDARS_OF_USERS = Together(_calendars_of_users)


def hours_by_user(users: Iterable[User], *, at: datetime) -> tuple[dict[int, Calendar], dict[int, OpeningHours]]:
    """The calendar by which each user's timers run, by the user's id; and the hours of each of these calendars, by
    its id. One statement."""
    nearest, found = CALENDARS_OF_USERS.fetch(users=[user.pk for user in users])
    calendars = {calendar.pk: calendar for calendar in found}
    of_users = {user: calendars[pk] for user, pk in nearest}
    return of_users, {calendar.pk: calendar.with_closed(at=at) for calendar in {*of_users.values()}}


def all_hours(*, at: datetime) -> dict[int, OpeningHours]:
    """The hours of each calendar, by its id. One statement."""
    calendars = Calendar.objects.annotate(closed=_closed_spans(), of_country=_country())
    return {calendar.pk: calendar.with_closed(at=at) for calendar in calendars}


def read_stored_windows(stored: dict[str, list[list[str]]]) -> dict[int, list[tuple[time, time]]]:
    """Read windows as `Calendar.windows` stores them. Raises `ValueError` for an invalid time."""
    return {
        int(weekday): [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in windows]
        for weekday, windows in stored.items()
    }


def format_windows(windows: Sequence[Sequence[str]]) -> str:
    """The windows of one day, as people write them into the form."""
    return ", ".join(f"{opens}–{closes}" for opens, closes in windows)


@lru_cache(maxsize=32)
def national_holidays(country: str, first_year: int, last_year: int, language: str = "") -> Mapping[date, str]:
    """Return a country's holidays from one year through another, by day; none for an unknown country. Their names are
    in `language` if it is supported, else in the country's own language."""
    if country not in holidays.list_supported_countries():
        return {}
    languages = holidays.country_holidays(country).supported_languages
    chosen = next((each for each in languages if language and each.startswith(language)), None)
    return dict(holidays.country_holidays(country, years=range(first_year, last_year + 1), language=chosen))


class CalendarDay(models.Model):
    """A day on which a calendar is closed, or for a part of it, beside the national holidays."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="days")
    day = models.DateField(_("Day"))
    # Both empty: the whole day. 00:00 closes until the end of the day.
    closed_from = models.TimeField(null=True, blank=True)
    closed_until = models.TimeField(null=True, blank=True)
    name = models.CharField(_("What for"), max_length=80, blank=True)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="a_day_is_closed_once"),
            models.CheckConstraint(
                condition=Q(closed_from=None, closed_until=None)
                | Q(closed_from__isnull=False, closed_until__isnull=False)
                & (Q(closed_until__gt=F("closed_from")) | Q(closed_until=time())),
                name="a_closing_ends_after_it_begins",
            ),
        ]
        triggers = [*watched(uncounted="name"), *edited("calendar day name")]

    @property
    def span(self) -> tuple[date, *tuple[time, ...]]:
        """The day and, where it is not closed for the whole of it, from when until when."""
        times = (self.closed_from, self.closed_until)
        return (self.day, *(each for each in times if each is not None))


class CalendarUse(models.Model):
    """A team or a person whose timers run by a calendar that is not the company's."""

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
        triggers = edited("calendar team user")


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def with_today(self, at: datetime) -> QuerySet[Any]:
        """Each with `today`, the day it is at a moment in the absent person's own calendar."""
        days = _days_by_zone(at)
        if len({*days.values()}) == 1:
            return self.on(Value(next(iter(days.values())), models.DateField()))
        own = Calendar.nearest(OuterRef("user"), OuterRef("user__team")).values("time_zone")[:1]
        return self.annotate(own_zone=Subquery(own)).annotate(
            today=Case(*[When(own_zone=zone, then=Value(day)) for zone, day in days.items()])
        )

    def on(self, today: Value | Given) -> QuerySet[Any]:
        """Each with `today`, where it is the same day in all calendars."""
        return self.annotate(today=today)

    def one_day(self, at: datetime) -> date | None:
        """The day it is at a moment in all calendars; None where it is another one in some."""
        days = {*_days_by_zone(at).values()}
        return days.pop() if len(days) == 1 else None

    def lasting(self, today: Given) -> QuerySet[Any]:
        """`in_force` in a statement, where it is the same day in all calendars."""
        return self.on(today).filter(from_on__lte=F("today"), until_on__gte=F("today"))

    def not_over(self, *, at: datetime) -> QuerySet[Any]:
        return self.with_today(at).filter(until_on__gte=F("today"))

    def in_force(self, *, at: datetime) -> QuerySet[Any]:
        return self.not_over(at=at).filter(from_on__lte=F("today"))


ZONES = Statement(lambda: Calendar.objects.order_by().values_list("time_zone").distinct())


def _days_by_zone(at: datetime) -> dict[str, date]:
    """The day it is at a moment, by the time zone of a calendar."""
    zones = recall(AbsenceQuerySet, lambda: [zone for (zone,) in ZONES.rows()])
    return {zone: at.astimezone(ZoneInfo(zone) if zone else company_zone()).date() for zone in zones}


class Absence(models.Model):
    """Days on which somebody is away, by their own calendar: nothing is offered to them, while their timers run on."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    from_on = models.DateField(_("From"))
    until_on = models.DateField(_("Until, that day included"))
    note = models.CharField(_("Note"), max_length=120, blank=True)
    # When it was written down, or last changed: what calendars are told.
    changed_at = models.DateTimeField(default=now, editable=False)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(from_on__lte=F("until_on")), name="an_absence_ends_after_it_begins")
        ]
        indexes = [models.Index(fields=["user", "until_on"], name="absence_of_user")]
        triggers = edited("user from_on until_on")


def calendars_by_user(users: Iterable[User]) -> dict[int, Calendar]:
    """The calendar by which each user's timers run, by the user's id: `Calendar.for_user` for many, in two queries."""
    team_of = {user.pk: user.team_id for user in users}
    used = CalendarUse.objects.filter(Q(user__in=team_of) | Q(team__in={team for team in team_of.values() if team}))
    own: dict[int, Calendar] = {}
    of_team: dict[int, Calendar] = {}
    for use in used.select_related("calendar"):
        if use.user_id:
            own[use.user_id] = use.calendar
        elif use.team_id:
            of_team[use.team_id] = use.calendar
    company = Calendar.default()
    return {pk: own.get(pk) or of_team.get(team or 0) or company for pk, team in team_of.items()}
