"""One person's calendar feed: meetings, reviews, ends of periods, what begins, and their own absences.

Every event stands for itself, with its moment in UTC: no reader has to know the rules of a time zone or of a
recurrence, a change of the clock lies in the past when it is written down, and a new agreement moves only what comes
after it begins. What something is tells its UID, so that a reader that looks again moves it and does not double it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from icalendar import Calendar as ICalendar
from icalendar import Event

from metrics.period import Period
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.feed.models import Feed
from sla.reviews.models import Review
from smarketing.company import company_zone
from smarketing.pages import wording
from teams.models import Organization, User

DAY = timedelta(days=1)
PAST, AHEAD = timedelta(weeks=8), timedelta(days=400)
NEVER = datetime.max.replace(tzinfo=UTC)
MEETING = timedelta(minutes=30)
# How often a reader should look again.
REFRESH = timedelta(hours=6)
PERIODS = {
    Clause.Every.WEEK: Period.week_of,
    Clause.Every.MONTH: Period.month_of,
    Clause.Every.QUARTER: Period.quarter_of,
}


def renewed(user: User, *, at: datetime | None = None) -> Feed:
    """Give a person a new secret address; the one before falls silent."""
    values = {"secret": secrets.token_urlsafe(32), "renewed_at": at or now()}
    return Feed.objects.update_or_create(user=user, defaults=values)[0]


def address_of(feed: Feed) -> str:
    return f"{settings.PUBLIC_URL}{reverse('feed_calendar', args=[feed.secret])}"


def feed_of(user: User, *, at: datetime | None = None) -> bytes:
    """The feed of a person, in their language, as a file of iCalendar (RFC 5545)."""
    at = at or now()
    with override(user.spoken):
        calendar = ICalendar()
        calendar.add("prodid", "-//Smarketing//Calendar feed//EN")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", f"Smarketing: {Organization.ours()}")
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", REFRESH)
        for entry in entries(user, at):
            calendar.add_component(entry.event(at))
    return bytes(calendar.to_ical())


@dataclass(frozen=True)
class Entry:
    """One thing in the feed: at a moment for a while, or on whole days (`end` is the first day that is not of it)."""

    key: str
    start: datetime | date
    end: datetime | date
    title: str
    text: str = ""
    url: str = ""
    is_busy: bool = False

    def event(self, at: datetime) -> Event:
        event = Event()
        event.add("uid", f"{self.key}@{urlsplit(settings.PUBLIC_URL).hostname}")
        event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", self.start)
        event.add("dtend", self.end)
        event.add("summary", self.title)
        event.add("transp", "OPAQUE" if self.is_busy else "TRANSPARENT")
        if self.text:
            event.add("description", self.text)
        if self.url:
            event.add("url", f"{settings.PUBLIC_URL}{self.url}")
        return event


def entries(user: User, at: datetime) -> Iterator[Entry]:
    """Everything from some weeks ago to a year ahead."""
    zone = company_zone()
    today = at.astimezone(zone).date()
    span = Period(today - PAST, today + AHEAD, zone)
    signed = list(Agreement.objects.filter(in_force_from__isnull=False).order_by("in_force_from"))
    hours = Calendar.default().hours(at=at)
    yield from _meetings(signed, hours, span)
    yield from _reviews(span)
    yield from _period_ends(signed, span)
    yield from _beginnings(signed, span)
    yield from _absences(user, span)


def held_at(signed: Iterable[Agreement], moment: datetime) -> Agreement | None:
    """The version that holds at a moment."""
    return next(
        (each for each in signed if each.in_force_from and each.in_force_from <= moment < (each.replaced_at or NEVER)),
        None,
    )


def _meetings(signed: list[Agreement], hours: OpeningHours, span: Period) -> Iterator[Entry]:
    """The weekly meetings, by the version then in force; none on a day on which the company is closed."""
    for week in span.split("week"):
        monday = Period.week_of(week.start, span.zone)
        for agreement in signed:
            day = monday.start + agreement.meeting_weekday * DAY
            moment = datetime.combine(day, agreement.meeting_at, span.zone).astimezone(UTC)
            if held_at([agreement], moment) and hours.open_days(day, day + DAY):
                yield Entry(
                    f"meeting-{monday.key}",
                    moment,
                    moment + MEETING,
                    _("Weekly review"),
                    _("Both sides look at the same numbers."),
                    f"/weekly/{monday.key}/",
                    is_busy=True,
                )
                break


def _reviews(span: Period) -> Iterator[Entry]:
    for review in Review.objects.filter(due_on__gte=span.start, due_on__lt=span.end).order_by("due_on"):
        yield Entry(
            f"review-{review.pk}",
            review.due_on,
            review.due_on + DAY,
            _("Review: %(what)s") % {"what": review.get_kind_display()},
            _("It looks back on %(first)s to %(last)s.")
            % {"first": wording.day(review.starts_on), "last": wording.day(review.ends_on - DAY)},
            f"/reviews/{review.pk}/",
        )


def _period_ends(signed: list[Agreement], span: Period) -> Iterator[Entry]:
    """The last days of the weeks, months and quarters that promises are judged by: a period is judged whole under the
    version in force at its start."""
    promised: dict[tuple[int, str], list[Clause]] = {}
    clauses = Clause.objects.filter(agreement__in=signed).select_related("team", "owner")
    for clause in clauses:
        promised.setdefault((clause.agreement_id, clause.every), []).append(clause)
    said = {clause.pk: f"{clause.team}: {as_text(describe_clause(clause))}" for clause in clauses}
    for every, kind in PERIODS.items():
        period = kind(span.start, span.zone)
        while period.end <= span.end:
            agreement = held_at(signed, period.starts_at)
            mine = promised.get((agreement.pk, every), []) if agreement else []
            if mine:
                yield Entry(
                    f"period-{period.key}",
                    period.end - DAY,
                    period.end,
                    ngettext("%(n)s promise ends its %(period)s", "%(n)s promises end their %(period)s", len(mine))
                    % {"n": len(mine), "period": every.label},
                    "\n".join(said[clause.pk] for clause in mine),
                    "/attainment/",
                )
            period = kind(period.end, span.zone)


def _beginnings(signed: list[Agreement], span: Period) -> Iterator[Entry]:
    for agreement in signed:
        begins = agreement.in_force_from
        if begins is None or agreement.replaced_at == begins or begins not in span:
            continue
        day = begins.astimezone(span.zone).date()
        title = _("Version %(number)s of the agreement begins") % {"number": agreement.number}
        yield Entry(f"agreement-{agreement.number}", day, day + DAY, title, url=f"/agreement/v{agreement.number}/")


def _absences(user: User, span: Period) -> Iterator[Entry]:
    for absence in user.absences.filter(until_on__gte=span.start, from_on__lt=span.end):
        title = _("Away: %(note)s") % {"note": absence.note} if absence.note else _("Away")
        yield Entry(
            f"absence-{absence.pk}", absence.from_on, absence.until_on + DAY, title, url="/absences/", is_busy=True
        )
