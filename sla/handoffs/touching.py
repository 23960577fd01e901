"""What accepted hand-offs still ask for: the first touch, then the agreed cadence; and who is late with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla.calendars.hours import OpeningHours, Span
from sla.calendars.models import calendars_of
from sla.handoffs.cadence import Cadence, Progress, progress
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Pause
from sla.handoffs.models.touches import Touch
from teams.models import User


class Due(IntEnum):
    """What is to be done about an accepted hand-off, the most urgent first."""

    TOUCH_OVERDUE = 0
    TOUCH_TODAY = 1
    OVERDUE = 2
    TODAY = 3
    LATER = 4
    PAUSED = 5
    REACHED = 6
    DONE = 7

    @property
    def heading(self) -> Promise:
        return HEADINGS[self]


HEADINGS = {
    Due.TOUCH_OVERDUE: _("First touch overdue"),
    Due.TOUCH_TODAY: _("First touch due today"),
    Due.OVERDUE: _("Next touch overdue"),
    Due.TODAY: _("Touch due today"),
    Due.LATER: _("Due later"),
    Due.PAUSED: _("Paused"),
    Due.REACHED: _("Reached: what comes next?"),
    Due.DONE: _("All agreed touches made"),
}


@dataclass(frozen=True)
class Clock:
    """What a page shows of a clock: open seconds left, negative once over, out of how many."""

    due_at: datetime
    left: int
    total: int

    @classmethod
    def of(cls, handoff: Handoff, hours: OpeningHours, *, at: datetime) -> Clock:
        """The answer clock of a row of `with_clock()`."""
        row: Any = handoff  # with its annotations
        return cls.until(row.due_at, row.target, hours, at=at)

    @classmethod
    def until(
        cls, due_at: datetime, target: timedelta, hours: OpeningHours, *, at: datetime, pauses: Sequence[Span] = ()
    ) -> Clock:
        left = hours.elapsed(at, due_at, pauses) if at <= due_at else -hours.elapsed(due_at, at)
        # A begun second counts whole: 0 only when nothing is left.
        return cls(due_at, -(-left // timedelta(seconds=1)), int(target.total_seconds()))


@dataclass(frozen=True)
class Work:
    """One accepted hand-off, and what it asks for at a moment. The clock is that of the first touch, until then."""

    handoff: Handoff
    progress: Progress
    due: Due
    clock: Clock | None = None
    paused_until: datetime | None = None

    @property
    def order(self) -> tuple[int, float, str, int]:
        due_at = self.clock.due_at.timestamp() if self.clock else float("inf")
        due_on = self.progress.due_on or date.max
        return self.due, due_at, due_on.isoformat(), self.handoff.pk

    @property
    def is_late(self) -> bool:
        return self.due in (Due.TOUCH_OVERDUE, Due.OVERDUE)

    @classmethod
    def of(cls, handoff: Handoff, hours: OpeningHours, pauses: Sequence[Span], *, at: datetime) -> Work:
        """Of a row of `at_work()`."""
        row: Any = handoff  # with its annotations
        far = progress(
            Cadence.of(handoff.policy),
            row.answered_at,
            hours,
            made=row.made,
            reached=row.reached,
            pauses=pauses,
            at=at,
        )
        clock = None
        if row.touch_due_at and not row.touch_stopped_at:
            clock = Clock.until(row.touch_due_at, row.touch_target, hours, at=at, pauses=pauses)
        paused_until = max((until for begins, until in pauses if begins <= at < until), default=None)
        if row.touch_stopped_at:
            paused_until = None
        return cls(handoff, far, _due(far, clock, hours, paused_until, at=at), clock, paused_until)


def _due(
    far: Progress, clock: Clock | None, hours: OpeningHours, paused_until: datetime | None, *, at: datetime
) -> Due:
    if clock and clock.due_at < at:
        return Due.TOUCH_OVERDUE
    if paused_until:
        return Due.PAUSED
    if clock:
        return Due.TOUCH_TODAY if clock.due_at.astimezone(hours.tz).date() <= far.today else Due.LATER
    if far.is_overdue:
        return Due.OVERDUE
    if far.is_due_today:
        return Due.TODAY
    if far.due_on:
        return Due.LATER
    return Due.REACHED if far.reached else Due.DONE


def at_work(among: QuerySet[Handoff] | None = None) -> QuerySet[Handoff]:
    """Return the accepted hand-offs, of all or some, that are still worked: not given up, their lead where the
    acceptance put it, and not handed on since. Each with its touches counted and the clock of its first touch."""
    handed_on = Handoff.objects.filter(lead=OuterRef("lead"), answer=Handoff.Answer.ACCEPTED, pk__gt=OuterRef("pk"))
    here = (Handoff.objects.all() if among is None else among).filter(
        Q(lead__journey__recycled_at=None) | Q(lead__journey__recycled_at__lte=F("answered_at")),
        ~Exists(handed_on),
        answer=Handoff.Answer.ACCEPTED,
        given_up_at=None,
        lead__merged_into=None,
        lead__journey__stage=F("hop__accepted_stage"),
        lead__journey__closed_at=None,
    )
    return with_touches(here).select_related("policy")


def with_touches(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Count the touches of each, and join the clock of its first touch."""
    touches = Touch.objects.filter(handoff=OuterRef("pk")).order_by().values("handoff")
    return with_touch_clock(handoffs).annotate(
        made=Coalesce(Subquery(touches.annotate(n=Count("pk")).values("n")), 0),
        reached=Exists(Touch.objects.filter(handoff=OuterRef("pk"), is_contact=True)),
        last_touch_at=Subquery(touches.annotate(last=Max("at")).values("last")),
    )


def with_touch_clock(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Join the clock of the first touch of each."""
    return handoffs.annotate(
        touch_clock=FilteredRelation("timers", condition=Q(timers__kind="first_touch")),
        touch_due_at=F("touch_clock__due_at"),
        touch_target=F("touch_clock__target"),
        touch_stopped_at=F("touch_clock__stopped_at"),
        touch_breached_at=F("touch_clock__breached_at"),
    )


def works(handoffs: Iterable[Handoff], hours: dict[int, OpeningHours], *, at: datetime) -> list[Work]:
    """Say of each what it asks for, the most urgent first. `hours` are those of the reps, by their id."""
    rows = list(handoffs)
    pauses: dict[int, list[Span]] = {}
    paused = Pause.objects.filter(timer__kind="first_touch", timer__handoff__in=[row.pk for row in rows])
    for handoff, *span in paused.values_list("timer__handoff", "starts_at", "ends_at"):
        pauses.setdefault(handoff, []).append((span[0], span[1]))
    found = [Work.of(row, hours[row.rep_id], pauses.get(row.pk, ()), at=at) for row in rows]
    return sorted(found, key=lambda work: work.order)


def hours_of(reps: Iterable[User], *, at: datetime) -> dict[int, OpeningHours]:
    """The opening hours of each rep, by id."""
    calendars = calendars_of(reps)
    known = {calendar.pk: calendar.hours(at=at) for calendar in {*calendars.values()}}
    return {rep: known[calendar.pk] for rep, calendar in calendars.items()}


@dataclass(frozen=True)
class Behind:
    """What one rep is late with: offers without an answer, and accepted leads without a touch, the oldest first."""

    rep: User
    unanswered: list[Handoff]
    untouched: list[Work]

    @property
    def count(self) -> int:
        return len(self.unanswered) + len(self.untouched)


def behind(*, at: datetime, rep: User | None = None) -> list[Behind]:
    """Return who is late with what, whoever is late with most first: overdue offers, first touches that are overdue,
    touches of the cadence that are overdue. Of one rep, or of all."""
    theirs = Handoff.objects.for_rep(rep) if rep else Handoff.objects.all()
    overdue = theirs.open().filter(timers__kind="answer", timers__due_at__lt=at, lead__merged_into=None)
    unanswered = list(overdue.with_clock().select_related("lead__company", "rep__team"))
    still_due = Q(touch_stopped_at=None, touch_due_at__lt=at) | Q(reached=False, made__lt=F("policy__touches"))
    rows = list(at_work(theirs).filter(still_due).select_related("policy", "lead__company", "rep__team"))
    reps = {row.rep for row in (*unanswered, *rows)}
    late = [work for work in works(rows, hours_of(reps, at=at), at=at) if work.is_late]
    found = [
        Behind(
            each,
            [offer for offer in unanswered if offer.rep_id == each.pk],
            [work for work in late if work.handoff.rep_id == each.pk],
        )
        for each in reps
    ]
    return sorted((each for each in found if each.count), key=lambda each: (-each.count, each.rep.pk))
