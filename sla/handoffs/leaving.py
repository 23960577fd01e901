"""Accepted leads that went back, were closed, or became one with another: nobody is to be called any more, and the
clock of the first touch ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Greatest

from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from smarketing.database.statements import Given

JOURNEY = "handoff__lead__journey"
# What ends it, and when it did. A lead that went on to a later stage is still to be called.
RECYCLED = Q(**{f"{JOURNEY}__recycled_at__gt": F("handoff__answered_at")})
WENT_BACK = Q(**{f"{JOURNEY}__stage__position__lt": F("handoff__hop__accepted_stage__position")})
CLOSED = Q(**{f"{JOURNEY}__closed_at__isnull": False})
LEFT_AT = Case(
    When(RECYCLED, then=F(f"{JOURNEY}__recycled_at")),
    When(WENT_BACK, then=F(f"{JOURNEY}__entered_at")),
    default=F(f"{JOURNEY}__closed_at"),
)


def left_clocks(lead_ids: Sequence[int] | Given | None = None) -> QuerySet[Timer]:
    """The clocks of first touches that run on without their lead, of these leads or of all."""
    clocks = _left().filter(breached_at=None) if lead_ids is None else _left().filter(handoff__lead__among=lead_ids)
    return clocks.order_by("pk")


def stop_left_clocks(found: Sequence[int]) -> None:
    """Stop these clocks, as far as they still run without their lead: at the moment at which it left. What fell due
    before stays breached; else the promise is neither kept nor broken."""
    clocks = Timer.objects.filter(pk__in=found).order_by("pk")
    for rows in (Handoff.objects.filter(timers__in=found).order_by("pk"), clocks):
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))
    left: QuerySet[Any] = _left().filter(pk__in=found).annotate(left_at=Greatest(LEFT_AT, "started_at"))
    for clock in left.order_by("pk"):
        clock.stop(at=clock.left_at, done=False)


def end_by_merge(handoffs: QuerySet[Handoff], *, at: datetime) -> None:
    """Work these no more, whose lead became one with another that goes on without them: their clocks stop."""
    for handoff in handoffs.select_for_update(of=("self",), no_key=True).order_by("pk"):
        handoff.merged_away_at = handoff.moment_after(at)
        handoff.save(update_fields=["merged_away_at"])
        timers = handoff.timers.select_for_update(of=("self",), no_key=True).filter(stopped_at=None)
        for timer in timers.order_by("pk"):
            timer.stop(at=max(at, timer.started_at), done=False)


def _left() -> QuerySet[Timer]:
    return Timer.objects.filter(RECYCLED | WENT_BACK | CLOSED, kind=Timer.Kind.FIRST_TOUCH, stopped_at=None)
