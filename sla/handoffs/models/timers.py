"""Timers of hand-offs: their deadlines, the steps of the policy on the way, and pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from metrics.changes import watched
from sla.agreement.models.policies import Policy, Step
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar, hours_as_stated, hours_by_user
from sla.events import TIMER_BREACHED, TIMER_KEPT, TIMER_PAUSED, TIMER_WITHDRAWN
from teams.models import User


class TimerQuerySet(models.QuerySet["Timer"]):
    def running(self) -> Self:
        return self.filter(stopped_at=None, breached_at=None)


class TimedHandoff(Protocol):
    """What a timer needs of its hand-off."""

    pk: int
    rep: User
    rep_id: int
    policy: Policy | None


class Timer(models.Model):
    """One deadline of a hand-off, for its answer or its first touch."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        FIRST_TOUCH = "first_touch", _("First touch")

    class NeverPauses(Exception):
        """Only the timer of the first touch can be paused."""

    class Over(Exception):
        """It was stopped or fell due before."""

    class NoTime(Exception):
        """The pause would end before it begins."""

    class TooLong(Exception):
        """A pause ends `LONGEST_PAUSE` after it is asked for, or earlier."""

    class NeedsReason(Exception):
        """A pause needs a reason."""

    LONGEST_PAUSE: ClassVar = timedelta(days=180)

    handoff = models.ForeignKey("sla.Handoff", models.CASCADE, related_name="timers", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    target = models.DurationField()
    started_at = models.DateTimeField()
    # Computed once by the opening hours then valid, and kept: editing a calendar moves no running deadline.
    due_at = models.DateTimeField()
    # The hours by which it runs, as they stood when it started; unknown of those that ended before they were kept.
    started_with = models.JSONField(null=True, editable=False)
    # The calendar whose hours they are; none: the company's.
    calendar = models.ForeignKey(Calendar, models.SET_NULL, null=True, related_name="+", db_index=False)
    stopped_at = models.DateTimeField(null=True)
    # Stopped in time, or not. Neither is set while it runs, or if it was withdrawn before it fell due.
    kept_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    # How long it ran, in open time, by the hours with which it started.
    open_time = models.DurationField(null=True)

    objects = TimerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handoff", "kind"], name="one_timer_of_a_kind_per_handoff"),
            models.CheckConstraint(
                condition=Q(kept_at=None) | Q(breached_at=None), name="kept_and_breached_exclude_each_other"
            ),
            models.CheckConstraint(
                condition=Q(breached_at=None) | Q(breached_at=F("due_at")), name="a_breach_dates_from_when_it_fell_due"
            ),
            models.CheckConstraint(
                condition=Q(kept_at=None) | Q(stopped_at__isnull=False, stopped_at__lte=F("due_at")),
                name="kept_means_stopped_in_time",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at")), name="a_clock_stops_after_it_started"
            ),
        ]
        indexes = [
            # For the sweeps, which only look at running timers.
            models.Index(fields=["due_at"], name="timer_running", condition=Q(stopped_at=None, breached_at=None)),
            models.Index(fields=["kind", "due_at"], name="timer_by_due"),
        ]
        triggers = watched(uncounted="target started_at started_with calendar breached_at")

    @classmethod
    def start(cls, handoffs: Sequence[TimedHandoff], *, at: datetime, kind: Kind = Kind.ANSWER) -> None:
        """Start a timer for each hand-off at one moment, by its policy and the hours of its rep, with its steps."""
        calendars, hours = hours_by_user({handoff.rep for handoff in handoffs}, at=at)
        moments: dict[tuple[int, timedelta], datetime] = {}

        def after(calendar: Calendar, target: timedelta) -> datetime:
            if (calendar.pk, target) not in moments:
                moments[calendar.pk, target] = hours[calendar.pk].deadline(at, target)
            return moments[calendar.pk, target]

        timers, escalations = [], []
        for handoff in handoffs:
            policy, calendar = handoff.policy, calendars[handoff.rep_id]
            target = policy and (policy.answer_within if kind == cls.Kind.ANSWER else policy.touch_within)
            if not policy or not target:
                continue
            timer = Timer(
                handoff_id=handoff.pk,
                kind=kind,
                target=target,
                started_at=at,
                due_at=after(calendar, target),
                started_with=calendar.stated(),
                calendar=None if calendar.is_default else calendar,
            )
            timers.append(timer)
            escalations += [
                Escalation(
                    timer=timer,
                    percent=step.percent,
                    action=step.action,
                    due_at=after(calendar, target * step.percent / 100),
                )
                for step in policy.steps.all()
                if step.clock == kind
            ]
        Timer.objects.bulk_create(timers)
        Escalation.objects.bulk_create(escalations)

    @property
    def hours(self) -> OpeningHours:
        """The opening hours by which it runs: those with which it started, where they are known."""
        if self.started_with:
            return hours_as_stated(self.started_with, at=self.started_at)
        return (self.calendar or Calendar.default()).hours(at=self.started_at)

    def paused(self) -> list[tuple[datetime, datetime]]:
        return list(self.pauses.values_list("starts_at", "ends_at"))

    def pause(self, *, until: datetime, reason: str, by: User, at: datetime | None = None) -> Pause:
        """Pause it from now to `until`: its deadline and the steps to come move by the open time that was not paused
        before, by the hours with which it started: an edit of the calendar since then moves nothing.

        Raises `NeverPauses`, `NeedsReason`, `NoTime`, `TooLong`, and `Over` once it was stopped or fell due.
        """
        reason = reason.strip()
        if self.kind != self.Kind.FIRST_TOUCH:
            raise self.NeverPauses
        if not reason:
            raise self.NeedsReason
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Timer.objects.select_for_update(of=("self",), no_key=True))
            at = max(at or now(), self.started_at)
            if self.stopped_at or self.breached_at or self.due_at < at:
                raise self.Over
            if until <= at:
                raise self.NoTime
            if until - at > self.LONGEST_PAUSE:
                raise self.TooLong
            self._move(at, until)
            pause = self.pauses.create(starts_at=at, ends_at=until, reason=reason, by=by, at=at)
            TIMER_PAUSED.emit({"timer": self.pk, "handoff": self.handoff_id, "until": until}, at=at)
        return pause

    def _move(self, at: datetime, until: datetime) -> None:
        """Move the deadline and the steps to come by the open time between two moments that no pause covers yet."""
        hours, pauses = self.hours, self.paused()
        added = hours.elapsed(at, until, pauses)
        if not added:
            return
        self.due_at = hours.deadline(self.due_at, added, pauses)
        self.save(update_fields=["due_at"])
        coming = list(self.escalations.filter(done_at=None, due_at__gte=at))
        for step in coming:
            step.due_at = hours.deadline(step.due_at, added, pauses)
        Escalation.objects.bulk_update(coming, ["due_at"])

    def stop(self, *, at: datetime, done: bool = True, in_time: bool = True) -> None:
        """Stop: kept if `done` by the deadline; breached from the deadline if later or not `in_time`; else neither."""
        was_breached = self.breached_at is not None  # the sweep that marked it emitted the event
        self.stopped_at = at
        self.open_time = self.hours.elapsed(self.started_at, at, self.paused())
        if self.breached_at is None:
            if at > self.due_at or not in_time:
                self.breached_at = self.due_at
            elif done:
                self.kept_at = at
        self.save(update_fields=["stopped_at", "kept_at", "breached_at", "open_time"])
        # Steps that were not run by now never will be.
        self.escalations.filter(done_at=None).delete()
        if not was_breached:
            event = TIMER_BREACHED if self.breached_at else TIMER_KEPT if self.kept_at else TIMER_WITHDRAWN
            event.emit({"timer": self.pk, "handoff": self.handoff_id}, at=at)

    def resume(self) -> None:
        """Let a stopped timer run on, as what stopped it was undone: its deadline stands, and so does a breach. Its
        steps are planned again that were not run: the next sweep runs those that came due meanwhile."""
        self.stopped_at = self.kept_at = self.open_time = None
        self.save(update_fields=["stopped_at", "kept_at", "open_time"])
        policy, hours, pauses = self.handoff.policy, self.hours, self.paused()
        run = set(self.escalations.values_list("percent", "action"))
        for step in policy.steps.filter(clock=self.kind) if policy else ():
            if (step.percent, step.action) not in run:
                due_at = hours.deadline(self.started_at, self.target * step.percent / 100, pauses)
                Escalation.objects.create(timer=self, percent=step.percent, action=step.action, due_at=due_at)


class Escalation(models.Model):
    """One step of a policy for one timer, run once when it is due. Stopping the timer deletes the steps to come."""

    timer = models.ForeignKey(Timer, models.CASCADE, related_name="escalations")
    percent = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=8, choices=Step.Action)
    # Computed with the deadline, and kept like it.
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    # Its outcome, in a word for the page of the hand-off.
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["timer", "percent", "action"], name="each_step_of_a_clock_once"),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(done_at__gte=F("due_at")), name="no_step_before_its_time"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="escalation_to_come", condition=Q(done_at=None))]


class Pause(models.Model):
    """A time in which the timer of the first touch does not run, and why."""

    timer = models.ForeignKey(Timer, models.CASCADE, related_name="pauses")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(_("Reason"), max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="a_pause_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_pause_has_a_reason"),
        ]
