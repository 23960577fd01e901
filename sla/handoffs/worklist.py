"""The worklist of accepted hand-offs: the first touch, then the agreed cadence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla.calendars.hours import MICROSECOND, OpeningHours, Span
from sla.calendars.models import hours_as_text
from sla.handoffs.cadence import Cadence, Progress, measure_progress
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.querying import TAKEN, WORKED
from sla.handoffs.models.timers import Pause
from sla.handoffs.models.touches import Touch


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

# Of rows of `being_worked()`: nobody was reached, fewer touches were made than agreed, and no first touch is waited for
# any more.
BEHIND = Q(Q(touch_due_at=None) | Q(touch_stopped_at__isnull=False), reached=False, made__lt=F("policy__touches"))


# How far ahead a page says when a clock runs.
AHEAD = 14


def hours_of_clock(stated: str | None, started_at: datetime | None, otherwise: OpeningHours) -> OpeningHours:
    """The hours with which a timer started, as a row has them; `otherwise` where there is none, or one of before."""
    return hours_as_text(stated, started_at.year) if stated and started_at else otherwise


@dataclass(frozen=True)
class Countdown:
    """What a page shows of a timer: open seconds left, negative once it is overdue, out of how many; and while it
    stands still, from when it runs on. It counts by its own hours, which may be others than those of the page."""

    due_at: datetime
    seconds_left: int
    total_seconds: int
    begins_at: datetime | None
    at: datetime
    hours: OpeningHours
    has_own_hours: bool

    @property
    def own_windows(self) -> list[Span] | None:
        """When it runs, unless that is when the page's clocks do."""
        return self.hours.next_windows(self.at, AHEAD) if self.has_own_hours else None

    @classmethod
    def of(cls, handoff: Handoff, hours: OpeningHours, *, at: datetime) -> Countdown:
        """The countdown of the answer timer of a row of `with_clock()`, on a page with those hours."""
        row: Any = handoff  # with its annotations
        own = hours_of_clock(row.clock_hours, row.clock_started_at, hours)
        return cls.until(row.due_at, row.target, own, at=at, page_hours=hours)

    @classmethod
    def until(
        cls,
        due_at: datetime,
        target: timedelta,
        hours: OpeningHours,
        *,
        at: datetime,
        page_hours: OpeningHours,
        pauses: Sequence[Span] = (),
    ) -> Countdown:
        left = hours.elapsed(at, due_at, pauses) if at <= due_at else -hours.elapsed(due_at, at)
        # The first open microsecond passes one microsecond after the opening.
        begins_at = hours.deadline(at, MICROSECOND, pauses) - MICROSECOND if left > timedelta() else at
        return cls(
            due_at,
            # Rounded up: 0 only when nothing is left.
            -(-left // timedelta(seconds=1)),
            int(target.total_seconds()),
            begins_at if begins_at > at else None,
            at,
            hours,
            hours != page_hours,
        )


@dataclass(frozen=True)
class WorkItem:
    """One accepted hand-off, and what it asks for at a moment. `countdown` is that of the first touch, until then."""

    handoff: Handoff
    progress: Progress
    due: Due
    countdown: Countdown | None = None
    paused_until: datetime | None = None

    @property
    def order(self) -> tuple[int, float, str, int]:
        if self.countdown:
            return self.due, self.countdown.due_at.timestamp(), "", self.handoff.pk
        return self.due, float("inf"), (self.progress.due_on or date.max).isoformat(), self.handoff.pk

    @property
    def is_late(self) -> bool:
        return self.due in (Due.TOUCH_OVERDUE, Due.OVERDUE)

    @classmethod
    def of(cls, handoff: Handoff, hours: OpeningHours, pauses: Sequence[Span], *, at: datetime) -> WorkItem:
        """Make it of a row of `being_worked()`, on a page with those hours."""
        row: Any = handoff  # with its annotations
        own = hours_of_clock(row.touch_hours, row.touch_started_at, hours)
        progress = measure_progress(
            Cadence.of(handoff.policy),
            row.answered_at,
            own,
            made=row.made,
            reached=row.reached,
            pauses=pauses,
            at=at,
        )
        countdown = None
        if row.touch_due_at and not row.touch_stopped_at:
            countdown = Countdown.until(row.touch_due_at, row.touch_target, own, at=at, page_hours=hours, pauses=pauses)
        paused_until = max((until for begins, until in pauses if begins <= at < until), default=None)
        if row.touch_stopped_at:
            paused_until = None
        due = _due(progress, countdown, own, paused_until, at=at)
        return cls(handoff, progress, due, countdown, paused_until)


def _due(
    progress: Progress, countdown: Countdown | None, hours: OpeningHours, paused_until: datetime | None, *, at: datetime
) -> Due:
    if countdown and countdown.due_at < at:
        return Due.TOUCH_OVERDUE
    if paused_until:
        return Due.PAUSED
    if countdown:
        return Due.TOUCH_TODAY if countdown.due_at.astimezone(hours.tz).date() <= progress.today else Due.LATER
    if progress.is_overdue:
        return Due.OVERDUE
    if progress.is_due_today:
        return Due.TODAY
    if progress.due_on:
        return Due.LATER
    return Due.REACHED if progress.reached else Due.DONE


def being_worked(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Of those, the accepted ones that are not over, their lead where the acceptance put it, and not handed on
    since. Each with its touches counted and the timer of its first touch."""
    handed_on = Handoff.objects.filter(TAKEN, lead=OuterRef("lead"), pk__gt=OuterRef("pk"))
    worked = handoffs.filter(
        WORKED,
        Q(lead__journey__recycled_at=None) | Q(lead__journey__recycled_at__lte=F("answered_at")),
        ~Exists(handed_on),
        lead__merged_into=None,
        lead__journey__stage=F("hop__accepted_stage"),
        lead__journey__closed_at=None,
    )
    return with_touches(worked).select_related("policy")


def nobodys_work(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Of those, what a rep accepted who left since: it stands in the queue of the team until somebody takes it."""
    return being_worked(handoffs.filter(rep__is_active=False))


def untouched(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Of rows of `being_worked()`, those that wait for their first touch."""
    return handoffs.filter(~Exists(Touch.objects.filter(handoff=OuterRef("pk"))))


def with_touches(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Count the touches of each, and join the timer of its first touch."""
    touches = Touch.objects.filter(handoff=OuterRef("pk")).order_by().values("handoff")
    return with_touch_clock(handoffs).annotate(
        made=Coalesce(Subquery(touches.annotate(n=Count("pk")).values("n")), 0),
        reached=Exists(Touch.objects.filter(handoff=OuterRef("pk"), is_contact=True)),
        last_touch_at=Subquery(touches.annotate(last=Max("at")).values("last")),
    )


def with_touch_clock(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Join the timer of the first touch of each, with the hours it started with, as text."""
    return handoffs.annotate(
        touch_clock=FilteredRelation("timers", condition=Q(timers__kind="first_touch")),
        touch_started_at=F("touch_clock__started_at"),
        touch_hours=Cast("touch_clock__started_with", TextField()),
        touch_due_at=F("touch_clock__due_at"),
        touch_target=F("touch_clock__target"),
        touch_stopped_at=F("touch_clock__stopped_at"),
        touch_breached_at=F("touch_clock__breached_at"),
    )


def clock_hours_key(otherwise: Any) -> Case:
    """A key of the hours by which a row of `with_touch_clock()` runs: the year and the hours with which its clock
    started; `otherwise` where that is not known."""
    year = Cast(ExtractYear("touch_started_at", tzinfo=UTC), TextField())
    return Case(When(touch_hours=None, then=otherwise), default=Concat(year, Value(" ", TextField()), "touch_hours"))


def hours_of_keys(keys: Iterable[str]) -> dict[str, OpeningHours]:
    """The hours with which clocks started, by their keys."""
    parts = ((key, *key.split(" ", 1)) for key in keys)
    return {key: hours_as_text(stated, int(year)) for key, year, stated in parts}


def work_items(handoffs: Iterable[Handoff], hours: Mapping[int, OpeningHours], *, at: datetime) -> list[WorkItem]:
    """Return what each asks for, the most urgent first. `handoffs` are rows of
    `being_worked()`, `hours` those of the page by the rep's id, for what has no clock with its own."""
    rows = list(handoffs)
    items = make_work_items(rows, pauses_of([row.pk for row in rows]), hours, at=at)
    return sorted(items, key=lambda item: item.order)


def pauses_of(keys: Collection[int] | QuerySet[Any, Any]) -> QuerySet[Pause, Any]:
    """The pauses of the first touch of these hand-offs: each with the hand-off, when it begins, and when it ends."""
    paused = Pause.objects.filter(timer__kind="first_touch", timer__handoff__in=keys)
    return paused.values_list("timer__handoff", "starts_at", "ends_at")


def make_work_items(
    handoffs: Iterable[Handoff], pauses: Iterable[Any], hours: Mapping[int, OpeningHours], *, at: datetime
) -> list[WorkItem]:
    """The same of rows and their pauses that were read already, in the order of the rows."""
    spans: dict[int, list[Span]] = {}
    for handoff, starts_at, ends_at in pauses:
        spans.setdefault(handoff, []).append((starts_at, ends_at))
    return [WorkItem.of(row, hours[row.rep_id], spans.get(row.pk, ()), at=at) for row in handoffs]
