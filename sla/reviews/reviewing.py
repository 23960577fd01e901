"""The reviews that the agreement's rhythm calls for: planned ahead, remembered in time, and drafted from.

Every month's goals are reviewed on the first open company day after the month. The whole is reviewed every so many
months, counted from the month in which this rhythm began: a version that changes a definition and keeps the rhythm does
not put the review off (docs/decisions/0017-reviews-keep-their-rhythm.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from metrics.period import months_later
from sla.agreement import drafting
from sla.agreement.models.agreements import Agreement
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.reviews.models import Review
from sla.reviews.notices import REVIEW_DUE, ReviewParams
from smarketing.company import company_zone
from teams.models import Notice, Role, User

DAY = timedelta(days=1)
# Planned so far ahead; more than the longest rhythm, so that the next one of each kind is always known.
MONTHS_AHEAD = 13
# Told so many open days before, and on the day; whoever's machine stood still is told up to so long after.
OPEN_DAYS_BEFORE = 3
STILL_TOLD = timedelta(days=7)
PLANNING_LOCK = 7_305_008


def begin_day(*, at: datetime | None = None) -> None:
    """What a new company day does for reviews. Safe to run twice."""
    at = at or now()
    plan(at=at)
    remind(at=at)


@dataclass(frozen=True, order=True)
class Planned:
    """One review as the rhythm calls for it."""

    due_on: date
    kind: str
    starts_on: date
    ends_on: date


def plan(*, at: datetime | None = None) -> int:
    """Make the reviews to come, and say how many are new. Safe to run twice, and by many at once.

    Only days to come are planned: nobody missed a review that nobody called for. Of those already planned, one that the
    rhythm no longer names goes, unless something was decided for it already, and one whose day closed moves.
    """
    at = at or now()
    agreement = Agreement.objects.in_force(at).first()
    if agreement is None:
        return 0
    today = at.astimezone(company_zone()).date()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PLANNING_LOCK])
        hours = Calendar.default().hours(at=at)
        wanted = {(one.kind, one.starts_on, one.ends_on): one for one in rhythm(agreement, today, hours)}
        for review in Review.objects.filter(held_at=None, due_on__gt=today):
            one = wanted.pop((review.kind, review.starts_on, review.ends_on), None)
            if one is not None:
                _follow(review, one, agreement)
            elif not review.notes and not review.decisions.exists():
                review.delete()
        known = set(Review.objects.values_list("kind", "starts_on", "ends_on"))
        new = [
            Review(kind=one.kind, agreement=agreement, due_on=one.due_on, starts_on=one.starts_on, ends_on=one.ends_on)
            for key, one in wanted.items()
            if key not in known
        ]
        before = Review.objects.count()
        Review.objects.bulk_create(new, ignore_conflicts=True)
        return Review.objects.count() - before


def _follow(review: Review, one: Planned, agreement: Agreement) -> None:
    """Let a planned review follow the agreement in force and its calendar; two of a kind never fall on one day."""
    taken = Review.objects.filter(kind=review.kind, due_on=one.due_on).exclude(pk=review.pk).exists()
    due_on = review.due_on if taken else one.due_on
    if (agreement.pk, due_on) != (review.agreement_id, review.due_on):
        Review.objects.filter(pk=review.pk).update(agreement=agreement, due_on=due_on)


def rhythm(agreement: Agreement, today: date, hours: OpeningHours) -> Iterator[Planned]:
    """Yield the reviews from today on, so far ahead as they are planned."""
    until = months_later(today.replace(day=1), MONTHS_AHEAD)
    for kind, months in ((Review.Kind.GOALS, 1), (Review.Kind.WHOLE, agreement.review_months)):
        start = _rhythm_began(agreement) if kind == Review.Kind.WHOLE else _month(agreement)
        while start < until:
            end = months_later(start, months)
            due_on = first_open_day(hours, end)
            if due_on >= today:
                yield Planned(due_on, kind.value, start, end)
            start = end


def _month(agreement: Agreement) -> date:
    """The first day of the month in which it began to hold."""
    assert agreement.in_force_from is not None
    return agreement.in_force_from.astimezone(company_zone()).date().replace(day=1)


def _rhythm_began(agreement: Agreement) -> date:
    """The month of the first version of those that followed each other with the same rhythm, up to this one."""
    held = Agreement.objects.filter(in_force_from__isnull=False, in_force_from__lte=agreement.in_force_from)
    first = agreement
    for earlier in held.exclude(pk=agreement.pk).order_by("-in_force_from", "-number"):
        if earlier.replaced_at == earlier.in_force_from:
            continue  # it was replaced before it began
        if earlier.review_months != agreement.review_months or earlier.replaced_at != first.in_force_from:
            break
        first = earlier
    return _month(first)


def first_open_day(hours: OpeningHours, day: date) -> date:
    """That day, or the first after it on which anything is open; that day where a year goes by without."""
    return next((day + n * DAY for n in range(366) if hours.open_days(day + n * DAY, day + (n + 1) * DAY)), day)


# Reminding


def remind(*, at: datetime | None = None) -> int:
    """Tell the heads and the managers of the reviews that come up, and say how many notices are new: once some open
    days before, once on the day. Safe to run twice."""
    at = at or now()
    today = at.astimezone(company_zone()).date()
    hours = Calendar.default().hours(at=at)
    near = Review.objects.filter(held_at=None, due_on__gte=today - STILL_TOLD, due_on__lte=today + 3 * STILL_TOLD)
    told = 0
    for review in near.select_related("agreement"):
        if moment := _due(review, today, hours):
            params: ReviewParams = {
                "day": review.due_on.isoformat(),
                "review": review.pk,
                "whole": review.kind == Review.Kind.WHOLE,
                "today": today == review.due_on,
            }
            about = f"review {review.pk} {moment}"
            told += Notice.objects.notify(told_of(review), REVIEW_DUE, params, about=about, at=at)
    return told


def _due(review: Review, today: date, hours: OpeningHours) -> str:
    if today >= review.due_on:
        return "today"
    return "soon" if hours.open_days(today, review.due_on) <= OPEN_DAYS_BEFORE else ""


def told_of(review: Review) -> QuerySet[User]:
    """Who prepares a review: the heads of all its parties, and the managers."""
    parties = review.agreement.parties.all()
    heads = Q(pk__in=parties.values("team__head")) | Q(pk__in=parties.filter(team__head=None).values("head"))
    return User.objects.active().filter(heads | Q(roles__contains=[Role.MANAGER.value]))


# Drafting


def draft_from(review: Review, *, by: User, at: datetime | None = None) -> Agreement:
    """Begin the next version from what was decided, or let the draft that there is take it up. Raises `Frozen`."""
    with transaction.atomic():
        draft = drafting.draft_next(by=by, at=at)
        drafting.lock_draft(draft)
        review.decisions.filter(draft=None).update(draft=draft)
    return draft
