"""Clocks that ran out are marked, from when they fell due and not from when we looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db import connection, transaction
from django.utils.timezone import now

from history.models import Outbox
from sla.models import Handoff, Timer
from sla.offering import about_lead
from teams.models import Notice, User

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
REMIND = """
UPDATE sla_timer SET reminded_at = %s
WHERE id IN (
    SELECT id FROM sla_timer
    WHERE remind_at <= %s AND due_at >= %s AND stopped_at IS NULL AND breached_at IS NULL AND reminded_at IS NULL
        AND remind_at IS NOT NULL
    ORDER BY remind_at LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


def sweep_timers(*, at: datetime | None = None) -> dict[str, int]:
    """Breach what is overdue, remind of what falls due soon, and say how many. Safe to run twice: each step is
    marked in the row, in the transaction that tells of it."""
    at = at or now()
    return {"breached": _all_batches(breach_due, at), "reminded": _all_batches(remind_due, at)}


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
        _tell(timers, Notice.Kind.BREACH, at=at, with_head=True)
        Outbox.objects.bulk_create(
            Outbox(kind="timer_breached", payload={"timer": t.pk, "handoff": t.handoff_id}, at=t.due_at) for t in timers
        )
    return len(timers)


def remind_due(*, at: datetime) -> int:
    """Remind of one batch of clocks that run out soon, and say how many."""
    with transaction.atomic():
        timers = _marked(REMIND, [at, at, at, BATCH])
        _tell(timers, Notice.Kind.REMINDER, at=at)
    return len(timers)


def _marked(statement: str, params: list[datetime | int]) -> list[Timer]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        marked = [pk for (pk,) in cursor.fetchall()]
    timers = Timer.objects.filter(pk__in=marked).order_by("due_at", "pk")
    return list(timers.select_related("handoff__lead", "handoff__rep__team__head"))


def _tell(timers: Iterable[Timer], kind: Notice.Kind, *, at: datetime, with_head: bool = False) -> None:
    notices = []
    for timer in timers:
        handoff = timer.handoff
        params = about_lead(handoff.lead) | {"due_at": timer.due_at.isoformat(), "rep": handoff.rep.pk}
        for user, url in _who(handoff, with_head=with_head):
            notices.append(
                Notice(user=user, kind=kind, about=f"timer {timer.pk}", params=params, url=url, created_at=at)
            )
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def _who(handoff: Handoff, *, with_head: bool) -> Iterable[tuple[User, str]]:
    yield handoff.rep, f"/inbox/{handoff.pk}/"
    head = handoff.rep.team.head if handoff.rep.team else None
    if with_head and head and head != handoff.rep:
        yield head, f"/leads/{handoff.lead_id}/"
