"""Clocks that ran out are marked, from when they fell due and not from when we looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction
from django.utils.timezone import now

from sla.agreement.models.hops import Hop
from sla.escalation import escalating
from sla.escalation.reminding import notify_breaches, take_steps
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Escalation

OVERDUE, TELLS = 5000, 5000
# Fewer at a time: until all of them are written down, no rep can answer one of them.
ENDINGS = 100


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
# Of an answer and a sweep at once, the answer holds its clock, and the step waits for the next sweep. Exactly on the
# deadline an answer is still in time: nothing is taken away before it is over. A step that may end the hand-off waits
# for all before it, as it takes them with it; and what comes after waits for that.
COME = """
WITH come AS MATERIALIZED (
    SELECT step.id FROM sla_escalation step
    JOIN sla_timer timer ON timer.id = step.timer_id
    JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
    WHERE step.due_at <= %(at)s AND (step.due_at < %(at)s OR step.percent < 100) AND step.done_at IS NULL
      AND (step.action IN ('remind', 'tell')) = %(tells)s
      AND NOT EXISTS (
        SELECT FROM sla_escalation earlier
        WHERE earlier.timer_id = step.timer_id AND earlier.done_at IS NULL AND earlier.percent <= step.percent
          AND CASE WHEN earlier.action IN ('remind', 'tell') THEN NOT %(tells)s
            ELSE earlier.percent < step.percent OR NOT %(tells)s AND earlier.id < step.id END
      )
    ORDER BY step.due_at, step.id LIMIT %(limit)s FOR UPDATE OF handoff, timer, step SKIP LOCKED
)
UPDATE sla_escalation step SET done_at = %(at)s FROM come WHERE step.id = come.id
RETURNING step.id
"""


def sweep_timers(*, at: datetime | None = None) -> dict[str, int]:
    """Breach what is overdue, take the steps that the policies name, and say how many. Safe to run twice: each step
    is marked in the row, in the transaction that takes it."""
    at = at or now()
    breached, escalated = _all_batches(breach_due, OVERDUE, at), 0
    # Where nobody else is there to have it, what comes after is taken as well.
    while taken := _all_batches(tell_due, TELLS, at) + _all_batches(end_due, ENDINGS, at):
        escalated += taken
    return {"breached": breached, "escalated": escalated}


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
        marked = mark_overdue(at=at)
        notify_breaches(marked, at=at)
    return len(marked)


def mark_overdue(*, at: datetime) -> list[int]:
    """Mark one batch of overdue clocks as breached, in one statement, and name them."""
    with connection.cursor() as cursor:
        cursor.execute(BREACH, [at, OVERDUE])
        return [pk for (pk,) in cursor.fetchall()]


def tell_due(*, at: datetime) -> int:
    """Take one batch of the steps that remind or tell, and say how many were taken."""
    with transaction.atomic():
        come = _come(at, tells=True, limit=TELLS)
        take_steps(come, at=at)
    return len(come)


def end_due(*, at: datetime) -> int:
    """Take one batch of the steps that end a hand-off, one of each, and say how many were taken."""
    with transaction.atomic():
        steps = _with_handoffs(_come(at, tells=False, limit=ENDINGS))
        failed = escalating.end(steps, at=at)
        _keep(steps, failed)
    return len(steps) - len(failed)


def _come(at: datetime, *, tells: bool, limit: int) -> list[int]:
    """Mark one batch of steps that have come as taken, in one statement, and name them."""
    with connection.cursor() as cursor:
        cursor.execute(COME, {"at": at, "tells": tells, "limit": limit})
        return [pk for (pk,) in cursor.fetchall()]


def _with_handoffs(marked: list[int]) -> list[Escalation]:
    steps = list(Escalation.objects.filter(pk__in=marked).select_related("timer").order_by("due_at", "percent", "pk"))
    # Each once, however many of its steps have come, and the few hops once for all.
    theirs = {step.timer.handoff_id for step in steps}
    handoffs = Handoff.objects.filter(pk__in=theirs).select_related("lead", "rep").in_bulk()
    hops = Hop.objects.filter(pk__in={handoff.hop_id for handoff in handoffs.values()})
    named = ("receiving_team__head", "offering_team__head", "accepted_stage", "rejected_stage")
    by_id = hops.select_related(*named).in_bulk()
    for handoff in handoffs.values():
        handoff.hop = by_id[handoff.hop_id]
    for step in steps:
        step.timer.handoff = handoffs[step.timer.handoff_id]
    return steps


def _keep(steps: Iterable[Escalation], failed: Iterable[Escalation]) -> None:
    """Write down what came of the steps; those that failed are still to come."""
    outcomes: dict[str, list[int]] = {}
    for step in steps:
        outcomes.setdefault(step.outcome, []).append(step.pk)
    for outcome, ids in outcomes.items():
        Escalation.objects.filter(pk__in=ids).update(outcome=outcome)
    Escalation.objects.filter(pk__in=[step.pk for step in failed]).update(done_at=None)
