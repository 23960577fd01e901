"""Clocks that ran out are marked, from when they fell due and not from when we looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction
from django.utils.timezone import now

from history.models import Outbox
from sla import escalating
from sla.models import Escalation, Timer
from teams.models import Notice

BATCH = 1000
# Fewer at a time: a step may end a hand-off, and until all of them are written down its rep cannot answer.
STEPS = 200


class Batch(Protocol):
    def __call__(self, *, at: datetime) -> int: ...


# One indexed statement a batch. Rows that somebody answers this moment are left to the answer, which dates itself.
BREACH = """
WITH due AS MATERIALIZED (
    SELECT id FROM sla_timer
    WHERE due_at < %s AND stopped_at IS NULL AND breached_at IS NULL
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE sla_timer timer SET breached_at = timer.due_at FROM due WHERE timer.id = due.id
RETURNING timer.id
"""
# Of an answer and a sweep at once, the answer holds its hand-off, and the step waits for the next sweep. Exactly on the
# deadline an answer is still in time: nothing is taken away before it is over.
COME = """
WITH come AS MATERIALIZED (
    SELECT step.id FROM sla_escalation step
    JOIN sla_timer timer ON timer.id = step.timer_id
    JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
    WHERE step.due_at <= %s AND (step.due_at < %s OR step.percent < 100) AND step.done_at IS NULL
    ORDER BY step.due_at, step.id LIMIT %s FOR UPDATE OF handoff, timer, step SKIP LOCKED
)
UPDATE sla_escalation step SET done_at = %s FROM come WHERE step.id = come.id
RETURNING step.id
"""


def sweep_timers(*, at: datetime | None = None) -> dict[str, int]:
    """Breach what is overdue, take the steps that the policies name, and say how many. Safe to run twice: each step
    is marked in the row, in the transaction that takes it."""
    at = at or now()
    return {"breached": _all_batches(breach_due, BATCH, at), "escalated": _all_batches(escalate_due, STEPS, at)}


def _all_batches(batch: Batch, size: int, at: datetime) -> int:
    total = 0
    while done := batch(at=at):
        total += done
        if done < size:
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
    """Take one batch of the steps that have come, and say how many were taken."""
    with transaction.atomic():
        batch = escalating.Batch(at=at)
        steps = _come(at)
        batch.take(steps)
        _keep(steps, batch.failed)
    return len(steps) - len(batch.failed)


def _come(at: datetime) -> list[Escalation]:
    with connection.cursor() as cursor:
        cursor.execute(COME, [at, at, STEPS, at])
        marked = [pk for (pk,) in cursor.fetchall()]
    steps = Escalation.objects.filter(pk__in=marked).order_by("due_at", "percent", "pk")
    related = ("lead", "rep__team__head", "hop__receiving_team__head", "policy")
    return list(steps.select_related(*(f"timer__handoff__{name}" for name in related)))


def _keep(steps: Iterable[Escalation], failed: Iterable[Escalation]) -> None:
    """Write down what came of the steps; those that failed are still to come."""
    outcomes: dict[str, list[int]] = {}
    for step in steps:
        outcomes.setdefault(step.outcome, []).append(step.pk)
    for outcome, ids in outcomes.items():
        Escalation.objects.filter(pk__in=ids).update(outcome=outcome)
    Escalation.objects.filter(pk__in=[step.pk for step in failed]).update(done_at=None)


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
        params = escalating.about_clock(timer)
        url = f"/inbox/{handoff.pk}/"
        notices.append(
            Notice(user=handoff.rep, kind=kind, about=f"timer {timer.pk}", params=params, url=url, created_at=at)
        )
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
