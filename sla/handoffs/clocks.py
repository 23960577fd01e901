"""Starting clocks: deadlines and the steps on the way are computed once, and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from sla.calendars.models import Calendar, CalendarUse
from sla.handoffs.models.timers import Escalation, Timer
from teams.models import User

if TYPE_CHECKING:
    from sla.handoffs.models.handoffs import Handoff


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


def start_clocks(handoffs: Sequence[Handoff], *, at: datetime, kind: Timer.Kind = Timer.Kind.ANSWER) -> None:
    """Start a clock of hand-offs at one moment, each by its policy and the hours of its rep, with its steps."""
    calendars = calendars_of({handoff.rep for handoff in handoffs})
    hours = {calendar.pk: calendar.hours(at=at) for calendar in {*calendars.values()}}
    moments: dict[tuple[int, timedelta], datetime] = {}

    def after(calendar: Calendar, target: timedelta) -> datetime:
        if (calendar.pk, target) not in moments:
            moments[calendar.pk, target] = hours[calendar.pk].deadline(at, target)
        return moments[calendar.pk, target]

    timers, escalations = [], []
    for handoff in handoffs:
        policy, calendar = handoff.policy, calendars[handoff.rep_id]
        target = policy and (policy.answer_within if kind == Timer.Kind.ANSWER else policy.touch_within)
        if not policy or not target:
            continue
        timer = Timer(
            handoff=handoff,
            kind=kind,
            target=target,
            started_at=at,
            due_at=after(calendar, target),
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


def resume(timer: Timer, *, at: datetime) -> None:
    """Let a stopped clock run on, as what stopped it did not happen: its deadline stands, and the steps that are still
    to come are. A breach stays."""
    timer.stopped_at = timer.kept_at = timer.open_time = None
    timer.save(update_fields=["stopped_at", "kept_at", "open_time"])
    policy, hours, pauses = timer.handoff.policy, timer.hours, timer.paused()
    known = set(timer.escalations.values_list("percent", "action"))
    for step in policy.steps.filter(clock=timer.kind) if policy else ():
        due_at = hours.deadline(timer.started_at, timer.target * step.percent / 100, pauses)
        if due_at > at and (step.percent, step.action) not in known:
            Escalation.objects.create(timer=timer, percent=step.percent, action=step.action, due_at=due_at)


def waited(handoff: Handoff) -> timedelta | None:
    """How long its lead waited, in open time, from its first offer to this answer, whoever had it meanwhile; None
    while it waits. It is what the clocks kept: each ran by the hours of its rep."""
    if not handoff.answer:
        return None
    chain = Timer.objects.filter(kind=Timer.Kind.ANSWER, handoff__transition=handoff.transition_id)
    total: timedelta | None = chain.filter(handoff__lte=handoff.pk).aggregate(total=Sum("open_time"))["total"]
    return total
