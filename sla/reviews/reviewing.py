"""Reviews in the agreement's rhythm: planned ahead, announced by reminders, and drafted from what they decided.

Every month's goals are reviewed on the first open company day after the month. The whole agreement is reviewed every
`review_months`, counted from the month in which this rhythm began: a new version with the same rhythm does not postpone
the review (docs/decisions/0017-reviews-keep-their-rhythm.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from history.versions import State
from metrics.period import months_later
from sla.agreement import drafting
from sla.agreement.models.agreements import Agreement
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.reviews.models import Review
from sla.reviews.notices import REVIEW_DUE, ReviewParams
from smarketing.company import company_zone
from smarketing.database.locks import Lock
from teams.models import Notice, Role, User

DAY = timedelta(days=1)
# More than the longest rhythm, so that the next review of each kind is always planned.
PLANNED_MONTHS = 13
# A reminder goes out some open days before and on the day; after an outage, up to a week late.
REMIND_OPEN_DAYS_BEFORE = 3
REMIND_LATE_BY = timedelta(days=7)


def begin_day(*, at: datetime | None = None) -> None:
    """Plan reviews and send reminders, at the start of a company day. Safe to run twice."""
    at = at or now()
    plan_reviews(at=at)
    send_reminders(at=at)


@dataclass(frozen=True, order=True)
class PlannedReview:
    """One review that the rhythm calls for."""

    due_on: date
    kind: str
    starts_on: date
    ends_on: date


def plan_reviews(*, at: datetime | None = None) -> int:
    """Create the reviews to come; return how many are new. Safe to run twice, and by several processes at once.

    No review is planned for a day that has passed. A planned one that the rhythm no longer calls for is deleted, unless
    it has notes or decisions; one whose day is no longer open moves.
    """
    at = at or now()
    agreement = Agreement.objects.in_force(at).first()
    if agreement is None:
        return 0
    today = at.astimezone(company_zone()).date()
    with transaction.atomic():
        Lock.PLANNING_REVIEWS.acquire()
        hours = Calendar.default().hours(at=at)
        wanted = {
            (planned.kind, planned.starts_on, planned.ends_on): planned
            for planned in reviews_to_come(agreement, today, hours)
        }
        for review in Review.objects.filter(held_at=None, due_on__gt=today):
            planned = wanted.pop((review.kind, review.starts_on, review.ends_on), None)
            if planned is not None:
                _update_planned(review, planned, agreement, at)
            elif not review.notes and not review.decisions.exists():
                review.delete()
        known = set(Review.objects.values_list("kind", "starts_on", "ends_on"))
        new = [
            Review(agreement=agreement, changed_at=at, **asdict(planned))
            for key, planned in wanted.items()
            if key not in known
        ]
        before = Review.objects.count()
        Review.objects.bulk_create(new, ignore_conflicts=True)
        return Review.objects.count() - before


def _update_planned(review: Review, planned: PlannedReview, agreement: Agreement, at: datetime) -> None:
    """Point a planned review to the agreement in force, and move it to its new day, unless one of its kind is there."""
    if (agreement.pk, planned.due_on) == (review.agreement_id, review.due_on):
        return
    taken = Review.objects.filter(kind=review.kind, due_on=planned.due_on).exclude(pk=review.pk).exists()
    due_on = review.due_on if taken else planned.due_on
    changed_at = at if due_on != review.due_on else review.changed_at
    if (agreement.pk, due_on) != (review.agreement_id, review.due_on):
        Review.objects.filter(pk=review.pk).update(agreement=agreement, due_on=due_on, changed_at=changed_at)


def reviews_to_come(agreement: Agreement, today: date, hours: OpeningHours) -> Iterator[PlannedReview]:
    """Yield the reviews that the rhythm calls for from today on, `PLANNED_MONTHS` ahead."""
    until = months_later(today.replace(day=1), PLANNED_MONTHS)
    for kind, months in ((Review.Kind.GOALS, 1), (Review.Kind.WHOLE, agreement.review_months)):
        start = _rhythm_start(agreement) if kind == Review.Kind.WHOLE else _first_month(agreement)
        while start < until:
            end = months_later(start, months)
            due_on = first_open_day(hours, end)
            if due_on >= today:
                yield PlannedReview(due_on, kind.value, start, end)
            start = end


def _first_month(agreement: Agreement) -> date:
    """The first day of the month in which it came into force."""
    assert agreement.in_force_from is not None
    return agreement.in_force_from.astimezone(company_zone()).date().replace(day=1)


def _rhythm_start(agreement: Agreement) -> date:
    """The first day of the month in which the rhythm began: that of the earliest of the consecutive versions up to this
    one that have the same rhythm."""
    versions = Agreement.objects.signed().filter(in_force_from__lte=agreement.in_force_from)
    first = agreement
    for earlier in versions.exclude(pk=agreement.pk).order_by("-in_force_from", "-number"):
        if earlier.state == State.NEVER:
            continue
        if earlier.review_months != agreement.review_months or earlier.replaced_at != first.in_force_from:
            break
        first = earlier
    return _first_month(first)


def first_open_day(hours: OpeningHours, day: date) -> date:
    """That day, or the first open day after it; that day itself if no day of the next year is open."""
    return next((day + n * DAY for n in range(366) if hours.open_days(day + n * DAY, day + (n + 1) * DAY)), day)


def send_reminders(*, at: datetime | None = None) -> int:
    """Notify heads and managers of reviews that are due, some open days before and on the day; return how many notices
    are new. Safe to run twice."""
    at = at or now()
    today = at.astimezone(company_zone()).date()
    hours = Calendar.default().hours(at=at)
    near = Review.objects.filter(
        held_at=None, due_on__gte=today - REMIND_LATE_BY, due_on__lte=today + 3 * REMIND_LATE_BY
    )
    notified = 0
    for review in near.select_related("agreement"):
        if occasion := _reminder_due(review, today, hours):
            params: ReviewParams = {
                "day": review.due_on.isoformat(),
                "review": review.pk,
                "whole": review.kind == Review.Kind.WHOLE,
                "today": today == review.due_on,
            }
            about = f"review {review.pk} {occasion}"
            notified += Notice.objects.notify(people_who_prepare(review), REVIEW_DUE, params, about=about, at=at)
    return notified


def _reminder_due(review: Review, today: date, hours: OpeningHours) -> str:
    """Which reminder is due: "today", "soon", or "" for none."""
    if today >= review.due_on:
        return "today"
    return "soon" if hours.open_days(today, review.due_on) <= REMIND_OPEN_DAYS_BEFORE else ""


def people_who_prepare(review: Review) -> QuerySet[User]:
    """Who prepares a review: the heads of all its parties, and the managers."""
    parties = review.agreement.parties.all()
    heads = Q(pk__in=parties.values("team__head")) | Q(pk__in=parties.filter(team__head=None).values("head"))
    return User.objects.active().filter(heads | Q(roles__contains=[Role.MANAGER.value]))


def draft_from_review(review: Review, *, by: User, at: datetime | None = None) -> Agreement:
    """Begin the next version, or take the draft there is, and attach the review's decisions to it. Raises `Frozen`."""
    with transaction.atomic():
        draft = drafting.draft_next(by=by, at=at)
        draft.lock_draft()
        review.decisions.filter(draft=None).update(draft=draft)
    return draft
