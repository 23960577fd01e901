"""Sweeping the timers: breaches dated from when they fell due, not from the sweep, and the steps of the policies."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Protocol

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from history.leases import Step
from leads.notices import notify_failed_leads
from sla.agreement.models.hops import Hop
from sla.escalation import escalating
from sla.escalation.notifying import notify_breaches, notify_steps
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Escalation, Timer
from sla.routing.assignment import lock_assignment
from smarketing.database.isolating import isolate

BREACH_BATCH = NOTIFY_BATCH = 5000
# Small, as no rep can answer a hand-off of the batch before its transaction ends.
END_BATCH = 100


class SweepBatch(Protocol):
    def __call__(self, *, at: datetime | None, step: Step) -> int: ...


# One indexed statement a batch. Rows locked by an answer under way are skipped: the answer dates the breach itself.
MARK_OVERDUE_SQL = """
WITH due AS MATERIALIZED (
    SELECT id FROM sla_timer
    WHERE due_at < %s AND stopped_at IS NULL AND breached_at IS NULL
    ORDER BY due_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE sla_timer timer SET breached_at = timer.due_at FROM due WHERE timer.id = due.id
RETURNING timer.id
"""
# Timers locked by an answer under way are skipped until the next sweep. Exactly on the deadline an answer is still in
# time, so a step at 100 % is claimed only after it. A step that may end the hand-off waits for all steps before it,
# which it would delete; steps after it wait for it. Locking waits for nobody, and before a hand-off ends, all that this
# changes is locked.
CLAIM_STEPS_SQL = """
WITH due AS MATERIALIZED (
    SELECT step.id FROM sla_escalation step
    JOIN sla_timer timer ON timer.id = step.timer_id
    JOIN sla_handoff handoff ON handoff.id = timer.handoff_id
    {joined}
    WHERE step.due_at <= %(at)s AND (step.due_at < %(at)s OR step.percent < 100) AND step.done_at IS NULL
      AND (step.action IN ('remind', 'tell')) = %(notifies)s
      AND NOT EXISTS (
        SELECT FROM sla_escalation earlier
        WHERE earlier.timer_id = step.timer_id AND earlier.done_at IS NULL AND earlier.percent <= step.percent
          AND CASE WHEN earlier.action IN ('remind', 'tell') THEN NOT %(notifies)s
            ELSE earlier.percent < step.percent OR NOT %(notifies)s AND earlier.id < step.id END
      )
    ORDER BY step.due_at, step.id LIMIT %(limit)s FOR NO KEY UPDATE OF {locked} SKIP LOCKED
)
UPDATE sla_escalation step SET done_at = %(at)s FROM due WHERE step.id = due.id
RETURNING step.id
"""
NOTIFYING_SQL = CLAIM_STEPS_SQL.format(joined="", locked="handoff, timer, step")
ENDING_SQL = CLAIM_STEPS_SQL.format(
    joined="JOIN leads_lead lead ON lead.id = handoff.lead_id JOIN funnel_journey journey ON journey.lead_id = lead.id",
    locked="lead, journey, handoff, timer, step",
)

MAY_END_SQL = """
SELECT EXISTS (
    SELECT FROM sla_escalation
    WHERE due_at <= %(at)s AND (due_at < %(at)s OR percent < 100) AND done_at IS NULL
      AND action NOT IN ('remind', 'tell')
)
"""


def sweep_timers(*, at: datetime | None = None, step: Step = transaction.atomic) -> dict[str, int]:
    """Mark overdue timers as breached and run the steps that are due; return how many of each.

    Safe to run twice: a step is marked as done in the transaction that runs it. Each batch takes its own moment.
    """
    breached, escalated = _run_batches(breach_due, BREACH_BATCH, at, step), 0
    # A step that found nobody to reassign to leaves its timer running, so that later steps may be due as well.
    while done := _run_batches(notify_due, NOTIFY_BATCH, at, step) + _run_batches(end_due, END_BATCH, at, step):
        escalated += done
    return {"breached": breached, "escalated": escalated}


def _run_batches(batch: SweepBatch, size: int, at: datetime | None, step: Step) -> int:
    total = 0
    while done := batch(at=at, step=step):
        total += done
        if done < size:
            break
    return total


def breach_due(*, at: datetime | None = None, step: Step = transaction.atomic) -> int:
    """Mark one batch of overdue timers as breached and notify their reps; return how many."""
    with step():
        moment = at or now()
        marked = mark_overdue(at=moment)
        failed = isolate(marked, partial(notify_breaches, at=moment))
        _notify_failed(failed, Timer.objects.filter(pk__in=failed), at=moment)
    return len(marked)


def mark_overdue(*, at: datetime) -> list[int]:
    """Mark one batch of overdue timers as breached, in one statement; return their ids."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_OVERDUE_SQL, [at, BREACH_BATCH])
        return [pk for (pk,) in cursor.fetchall()]


def notify_due(*, at: datetime | None = None, step: Step = transaction.atomic) -> int:
    """Run one batch of due steps that notify; return how many."""
    with step():
        moment = at or now()
        claimed = _claim_steps(moment, notifies=True, limit=NOTIFY_BATCH)
        if not claimed:
            return 0
        failed = isolate(claimed, partial(notify_steps, at=moment))
        _let_be_due_again(failed)
        _notify_failed(failed, Timer.objects.filter(escalations__in=failed), at=moment)
    return len(claimed) - len(failed)


def end_due(*, at: datetime | None = None, step: Step = transaction.atomic) -> int:
    """Run one batch of due steps that end a hand-off, at most one for each; return how many succeeded."""
    with step():
        # Whoever offers waits for this lock: it is taken only where something may end.
        if not _any_may_end(at or now()):
            return 0
        lock_assignment()
        moment = at or now()
        steps = _with_handoffs(_claim_steps(moment, notifies=False, limit=END_BATCH))
        failed = escalating.run_steps(steps, at=moment)
        _store_outcomes(steps, failed)
        _notify_failed(failed, Timer.objects.filter(escalations__in=failed), at=moment)
    return len(steps) - len(failed)


def _notify_failed(failed: Collection[object], timers: QuerySet[Timer], *, at: datetime) -> None:
    """Notify the administrators of the leads whose timers failed; the others went on."""
    if failed:
        notify_failed_leads(timers.values_list("handoff__lead", flat=True), at=at)


def _claim_steps(at: datetime, *, notifies: bool, limit: int) -> list[int]:
    """Mark one batch of due steps as done, in one statement; return their ids."""
    with connection.cursor() as cursor:
        cursor.execute(NOTIFYING_SQL if notifies else ENDING_SQL, {"at": at, "notifies": notifies, "limit": limit})
        return [pk for (pk,) in cursor.fetchall()]


def _any_may_end(at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MAY_END_SQL, {"at": at})
        return bool(cursor.fetchone()[0])


def _with_handoffs(marked: list[int]) -> list[Escalation]:
    if not marked:
        return []
    steps = list(Escalation.objects.filter(pk__in=marked).select_related("timer").order_by("due_at", "percent", "pk"))
    # Load each hand-off once, however many of its steps are due, and share the few hops among them.
    handoff_ids = {step.timer.handoff_id for step in steps}
    handoffs = Handoff.objects.filter(pk__in=handoff_ids).select_related("lead", "rep").in_bulk()
    hops = Hop.objects.filter(pk__in={handoff.hop_id for handoff in handoffs.values()})
    related = ("receiving_team__head", "offering_team__head", "accepted_stage", "rejected_stage")
    by_id = hops.select_related(*related).in_bulk()
    for handoff in handoffs.values():
        handoff.hop = by_id[handoff.hop_id]
    for step in steps:
        step.timer.handoff = handoffs[step.timer.handoff_id]
    return steps


def _store_outcomes(steps: Iterable[Escalation], failed: Iterable[Escalation]) -> None:
    """Store the outcomes of steps; those that failed become due again."""
    outcomes: dict[str, list[int]] = {}
    for step in steps:
        outcomes.setdefault(step.outcome, []).append(step.pk)
    for outcome, ids in outcomes.items():
        Escalation.objects.filter(pk__in=ids).update(outcome=outcome)
    _let_be_due_again([step.pk for step in failed])


def _let_be_due_again(failed: Collection[int]) -> None:
    if failed:
        Escalation.objects.filter(pk__in=failed).update(done_at=None)
