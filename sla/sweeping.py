"""Clocks that ran out are marked, from when they fell due and not from when we looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction
from django.utils.timezone import now

from history.models import Outbox
from sla.escalating import take
from sla.models import Escalation, Timer
from sla.offering import about_lead
from teams.models import Notice

BATCH = 1000


class Step(Protocol):
    def __call__(self, *, at: datetime) -> int: ...


# One indexed statement a batch. Rows that somebody answers this moment are left to the answer, which dates itself.
BREACH = """
UPDATE sla_timer SET breached_at = due_at
WHERE id IN (
    SELECT id FROM sla_timer
    WHERE due_at < %s AND stopped_at IS NULL AND breached_at IS NULL
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
# Of an answer and a sweep at once, the answer holds its hand-off, and the step waits for the next sweep.
COME = """
UPDATE sla_escalation SET done_at = %s
WHERE id IN (
    SELECT step.id FROM sla_escalation step
    JOIN sla_timer timer ON timer.id = step.timer_id
    JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
    WHERE step.due_at <= %s AND step.done_at IS NULL
    ORDER BY step.due_at, step.id LIMIT %s FOR UPDATE OF handoff, timer, step SKIP LOCKED
)
RETURNING id
"""


def sweep_timers(*, at: datetime | None = None) -> dict[str, int]:
    """Breach what is overdue, take the steps that the policies name, and say how many. Safe to run twice: each step
    is marked in the row, in the transaction that takes it."""
    at = at or now()
    return {"breached": _all_batches(breach_due, at), "escalated": _all_batches(escalate_due, at)}


def _all_batches(step: Step, at: datetime) -> int:
    total = 0
    while done := step(at=at):
        total += done
        if done < BATCH:
            break
    return total


def breach_due(*, at: datetime) -> int:
    """Mark one batch of overdue clocks, tell of it, and say how many."""
    with transaction.atomic():
        timers = _marked(BREACH, [at, BATCH])
        _tell(timers, Notice.Kind.BREACH, at=at)
        Outbox.objects.bulk_create(
            Outbox(kind="timer_breached", payload={"timer": t.pk, "handoff": t.handoff_id}, at=t.due_at) for t in timers
        )
    return len(timers)


def escalate_due(*, at: datetime) -> int:
    """Take one batch of the steps that have come, and say how many."""
    with transaction.atomic():
        steps = _come(at)
        outcomes = [(step, take(step, at=at)) for step in steps]
        for step, outcome in outcomes:
            step.outcome = outcome
        Escalation.objects.bulk_update(steps, ["outcome"])
    return len(steps)


def _come(at: datetime) -> list[Escalation]:
    with connection.cursor() as cursor:
        cursor.execute(COME, [at, at, BATCH])
        marked = [pk for (pk,) in cursor.fetchall()]
    steps = Escalation.objects.filter(pk__in=marked).order_by("due_at", "pk")
    related = ("timer__handoff__lead", "timer__handoff__rep__team__head", "timer__handoff__hop__receiving_team__head")
    return list(steps.select_related(*related))


def _marked(statement: str, params: list[datetime | int]) -> list[Timer]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        marked = [pk for (pk,) in cursor.fetchall()]
    timers = Timer.objects.filter(pk__in=marked).order_by("due_at", "pk")
    return list(timers.select_related("handoff__lead", "handoff__rep__team__head"))


def _tell(timers: Iterable[Timer], kind: Notice.Kind, *, at: datetime) -> None:
    notices = []
    for timer in timers:
        handoff = timer.handoff
        params = about_lead(handoff.lead) | {"due_at": timer.due_at.isoformat(), "rep": str(handoff.rep)}
        url = f"/inbox/{handoff.pk}/"
        notices.append(
            Notice(user=handoff.rep, kind=kind, about=f"timer {timer.pk}", params=params, url=url, created_at=at)
        )
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
