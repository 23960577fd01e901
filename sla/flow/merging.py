"""Merging two leads that are one person. Each app merges its own rows; all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from funnel.journeys.merging import MERGED, merge_journeys
from history.subjects import move_rows
from leads.events import LEAD_MERGED
from leads.models import Lead
from leads.registering.merging import merge_leads, merge_personas
from scoring.merging import merge_scores
from sla.handoffs.company_reps import worked_handoffs
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.threads import TwoReps
from teams.models import User


class CannotMerge(Exception):
    """One of the two leads was merged before, or both are the same."""


def merge(
    kept: Lead, other: Lead, values: Mapping[str, Any] | None = None, *, by: User, at: datetime | None = None
) -> None:
    """Merge `other` into `kept`; `values` are those chosen for the attributes in which they differ.

    Activities, identities, journeys, opportunities and hand-offs move to `kept`. The row of `other` stays as it was,
    points to `kept`, and takes part in nothing any more. Raises `CannotMerge`.
    """
    at = at or now()
    with transaction.atomic():
        locked = Lead.objects.select_for_update(of=("self",), no_key=True)
        if len(locked.filter(pk__in=[kept.pk, other.pk], merged_into=None).order_by("pk")) < 2:
            raise CannotMerge
        # In the order in which rows are locked.
        merge_personas(kept, other)
        merge_scores(kept, other, by=by, at=at)
        goes_on = merge_journeys(kept, other, by=by, at=at)
        merge_handoffs(kept, other, goes_on, by=by, at=at)
        merge_leads(kept, other, values or {}, by=by, at=at)
        LEAD_MERGED.emit({"lead": kept.pk, "merged": other.pk}, at=at)


def merge_handoffs(kept: Lead, other: Lead, goes_on: Lead | None, *, by: User, at: datetime) -> None:
    """Move all hand-offs to `kept`. Of two open ones, only that of the lead whose journey goes on stays open."""
    waiting = Handoff.objects.open().filter(lead__in=[kept, other]).select_related("hop").order_by("pk")
    for handoff in waiting:
        if handoff.lead_id != (goes_on and goes_on.pk):
            handoff.withdraw(by=by, note=MERGED, at=at)
    _keep_reason(kept, other)
    move_rows("sla", of_lead=other.pk, to_lead=kept.pk)


def _keep_reason(kept: Lead, other: Lead) -> None:
    """Keep why a company has two reps of a team now, where what moves there is worked by another."""
    if kept.company_id is None or kept.company_id == other.company_id:
        return
    there = worked_handoffs().filter(lead__company=kept.company_id, hop__receiving_team=OuterRef("hop__receiving_team"))
    moving = Handoff.objects.filter(Exists(there.exclude(rep=OuterRef("rep"))), lead=other, two_reps="")
    moving.update(two_reps=TwoReps.MERGED)
