"""One person's calendar feed: meetings, reviews, ends of periods, agreements that come into force, their own absences.

Every event is written out with its moment in UTC, without recurrence rules or time zones: a calendar needs none of
them, and a new agreement moves only the events after its start. The UID of an event is made from what it is about, so
that a calendar moves it on the next fetch instead of adding a second one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from icalendar import Calendar as ICalendar
from icalendar import Event, vDuration

from history.versions import State
from metrics.period import Period
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.attainment.periods import PERIOD_OF
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.feed.models import Feed
from sla.reviews.models import Review
from smarketing.company import company_zone
from smarketing.pages import wording
from teams.models import Organization, User

DAY = timedelta(days=1)
PAST, AHEAD = timedelta(weeks=8), timedelta(days=400)
MEETING_LENGTH = timedelta(minutes=30)
# How often a calendar should fetch it again.
REFRESH_INTERVAL = timedelta(hours=6)


def renew_feed(user: User, *, at: datetime | None = None) -> Feed:
    """Give a person a new secret URL, and revoke the old one."""
    values = {"secret": secrets.token_urlsafe(32), "renewed_at": at or now()}
    return Feed.objects.update_or_create(user=user, defaults=values)[0]


def feed_url(feed: Feed) -> str:
    return f"{settings.PUBLIC_URL}{reverse('feed_calendar', args=[feed.secret])}"


def render_feed(user: User, *, at: datetime | None = None) -> bytes:
    """The feed of a person, in their language, as an iCalendar file (RFC 5545)."""
    at = at or now()
    with override(user.spoken):
        calendar = ICalendar()
        calendar.add("prodid", "-//Smarketing//Calendar feed//EN")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", f"Smarketing: {Organization.ours()}")
        calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
        # The older name of the same, which the library knows no type of: left alone, it would be written as text.
        calendar.add("x-published-ttl", vDuration(REFRESH_INTERVAL), parameters={"VALUE": "DURATION"})
        for entry in feed_entries(user, at):
            calendar.add_component(entry.event())
    return bytes(calendar.to_ical())


@dataclass(frozen=True)
class FeedEntry:
    """One event of the feed: between two moments, or on whole days, where `end` is the day after the last.

    `changed_at` is the last change of what it tells: a feed without a METHOD stamps its events with it (RFC 5545,
    3.8.7.2), so that a calendar sees which of them are news.
    """

    key: str
    start: datetime | date
    end: datetime | date
    title: str
    changed_at: datetime
    text: str = ""
    url: str = ""
    is_busy: bool = False

    def event(self) -> Event:
        event = Event()
        event.add("uid", f"{self.key}@{urlsplit(settings.PUBLIC_URL).hostname}")
        event.add("dtstamp", self.changed_at.astimezone(UTC).replace(microsecond=0))
        event.add("dtstart", self.start)
        event.add("dtend", self.end)
        event.add("summary", self.title)
        event.add("transp", "OPAQUE" if self.is_busy else "TRANSPARENT")
        if self.text:
            event.add("description", self.text)
        if self.url:
            event.add("url", f"{settings.PUBLIC_URL}{self.url}")
        return event


def feed_entries(user: User, at: datetime) -> Iterator[FeedEntry]:
    """All entries from some weeks ago to a year ahead."""
    zone = company_zone()
    today = at.astimezone(zone).date()
    span = Period(today - PAST, today + AHEAD, zone)
    signed = list(
        Agreement.objects.signed().annotate(signed_at=Max("parties__signature__at")).order_by("in_force_from")
    )
    hours = Calendar.default().hours(at=at)
    yield from _meeting_entries(signed, hours, span)
    yield from _review_entries(span)
    yield from _period_end_entries(signed, span)
    yield from _agreement_entries(signed, span)
    yield from _absence_entries(user, span)


def settled_at(agreement: Agreement) -> datetime:
    """When a signed version got its last signature: nothing that it says has changed since."""
    signed_at: datetime | None = getattr(agreement, "signed_at", None)
    return signed_at or agreement.proposed_at or agreement.created_at


def in_force_at(signed: Iterable[Agreement], moment: datetime) -> Agreement | None:
    """The version in force at a moment."""
    return next((each for each in signed if each.holds(moment)), None)


def _meeting_entries(signed: list[Agreement], hours: OpeningHours, span: Period) -> Iterator[FeedEntry]:
    """The weekly meetings, as the version then in force sets them; none on a day on which the company is closed."""
    for week in span.split("week"):
        monday = Period.week_of(week.start, span.zone)
        for agreement in signed:
            day = monday.start + agreement.meeting_weekday * DAY
            moment = datetime.combine(day, agreement.meeting_at, span.zone).astimezone(UTC)
            if agreement.holds(moment) and hours.open_days(day, day + DAY):
                yield FeedEntry(
                    f"meeting-{monday.key}",
                    moment,
                    moment + MEETING_LENGTH,
                    _("Weekly review"),
                    settled_at(agreement),
                    _("Both sides look at the same numbers."),
                    f"/weekly/{monday.key}/",
                    is_busy=True,
                )
                break


def _review_entries(span: Period) -> Iterator[FeedEntry]:
    for review in Review.objects.filter(due_on__gte=span.start, due_on__lt=span.end).order_by("due_on"):
        yield FeedEntry(
            f"review-{review.pk}",
            review.due_on,
            review.due_on + DAY,
            _("Review: %(what)s") % {"what": review.get_kind_display()},
            review.changed_at,
            _("It looks back on %(first)s to %(last)s.")
            % {"first": wording.day(review.starts_on), "last": wording.day(review.ends_on - DAY)},
            f"/reviews/{review.pk}/",
        )


def _period_end_entries(signed: list[Agreement], span: Period) -> Iterator[FeedEntry]:
    """The last days of the weeks, months and quarters in which clauses are judged, under the version in force at their
    start."""
    clauses_of: dict[tuple[int, str], list[Clause]] = {}
    clauses = Clause.objects.filter(agreement__in=signed).select_related("team", "owner")
    for clause in clauses:
        clauses_of.setdefault((clause.agreement_id, clause.every), []).append(clause)
    sentences = {clause.pk: f"{clause.team}: {as_text(describe_clause(clause))}" for clause in clauses}
    for every, period_of in PERIOD_OF.items():
        period = period_of(span.start, span.zone)
        while period.end <= span.end:
            agreement = in_force_at(signed, period.starts_at)
            ending = clauses_of.get((agreement.pk, every), []) if agreement else []
            if agreement and ending:
                yield FeedEntry(
                    f"period-{period.key}",
                    period.end - DAY,
                    period.end,
                    ngettext("%(n)s promise ends its %(period)s", "%(n)s promises end their %(period)s", len(ending))
                    % {"n": len(ending), "period": every.label},
                    settled_at(agreement),
                    "\n".join(sentences[clause.pk] for clause in ending),
                    "/attainment/",
                )
            period = period_of(period.end, span.zone)


def _agreement_entries(signed: list[Agreement], span: Period) -> Iterator[FeedEntry]:
    for agreement in signed:
        begins = agreement.in_force_from
        if begins is None or agreement.state == State.NEVER or begins not in span:
            continue
        day = begins.astimezone(span.zone).date()
        title = _("Version %(number)s of the agreement begins") % {"number": agreement.number}
        yield FeedEntry(
            f"agreement-{agreement.number}",
            day,
            day + DAY,
            title,
            settled_at(agreement),
            url=f"/agreement/v{agreement.number}/",
        )


def _absence_entries(user: User, span: Period) -> Iterator[FeedEntry]:
    for absence in user.absences.filter(until_on__gte=span.start, from_on__lt=span.end):
        title = _("Away: %(note)s") % {"note": absence.note} if absence.note else _("Away")
        yield FeedEntry(
            f"absence-{absence.pk}",
            absence.from_on,
            absence.until_on + DAY,
            title,
            absence.changed_at,
            url="/absences/",
            is_busy=True,
        )
