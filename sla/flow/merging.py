"""Merging two leads that are one person. Each app merges its own rows; all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from funnel.journeys.merging import MERGED, merge_journeys
from funnel.models import Journey
from history.subjects import move_rows
from leads.events import LEAD_MERGED
from leads.models import Lead
from leads.registering.merging import merge_leads, merge_personas
from scoring.merging import merge_scores
from sla.handoffs.company_reps import worked_handoffs
from sla.handoffs.leaving import end_by_merge, left_clocks, stop_left_clocks
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.querying import TAKEN
from sla.handoffs.models.threads import TwoReps
from sla.handoffs.worklist import being_worked
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
        worked = _worked(kept, other)
        goes_on = merge_journeys(kept, other, by=by, at=at)
        merge_handoffs(kept, other, goes_on, worked, by=by, at=at)
        merge_leads(kept, other, values or {}, by=by, at=at)
        LEAD_MERGED.emit({"lead": kept.pk, "merged": other.pk}, at=at)


def _worked(*leads: Lead) -> list[Handoff]:
    """What was accepted of these leads and is worked, now that the clocks of those that left are stopped. Locks their
    journeys first."""
    ids = [lead.pk for lead in leads]
    list(Journey.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk"))
    stop_left_clocks(list(left_clocks(ids).values_list("pk", flat=True)))
    return list(being_worked(Handoff.objects.filter(lead__in=ids)).select_related("hop"))


def merge_handoffs(
    kept: Lead, other: Lead, goes_on: Lead | None, worked: Sequence[Handoff], *, by: User, at: datetime
) -> None:
    """Move all hand-offs to `kept`. Of two open ones, only that of the lead whose journey goes on stays open; and so of
    two that were accepted: `worked` are those that were worked before."""
    waiting = Handoff.objects.open().filter(lead__in=[kept, other]).select_related("hop").order_by("pk")
    for handoff in waiting:
        if handoff.lead_id != (goes_on and goes_on.pk):
            handoff.withdraw(by=by, note=MERGED, at=at)
    if goes_on is not None:
        _end_accepted(kept, other, goes_on, _still_worked(kept, goes_on, worked), at=at)
    _keep_reason(kept, other)
    move_rows("sla", of_lead=other.pk, to_lead=kept.pk)


def _still_worked(kept: Lead, goes_on: Lead, worked: Sequence[Handoff]) -> Handoff | None:
    """What is worked after the merge: of the lead whose journey goes on; or, where nobody works or is offered that, of
    the other, if the merged lead stands where it was accepted."""
    stage = Journey.objects.values_list("stage", flat=True).get(pk=kept.pk)
    is_offered = Handoff.objects.open().filter(lead=goes_on).exists()
    there = [each for each in worked if each.hop.accepted_stage_id == stage]
    own = [each for each in there if each.lead_id == goes_on.pk]
    return max(own or ([] if is_offered else there), key=lambda each: each.pk, default=None)


def _end_accepted(kept: Lead, other: Lead, goes_on: Lead, still_worked: Handoff | None, *, at: datetime) -> None:
    """End the work on the lead whose journey does not go on: nobody touches it any more, its clocks stop, and what was
    given up there hides nothing of the other. Where it is worked on, the same of the other."""
    gone = other if goes_on.pk == kept.pk else kept
    accepted = Handoff.objects.filter(TAKEN, lead=gone)
    if still_worked is not None and still_worked.lead_id == gone.pk:
        accepted = Handoff.objects.filter(TAKEN, lead__in=[kept, other]).exclude(pk=still_worked.pk)
    end_by_merge(accepted, at=at)


def _keep_reason(kept: Lead, other: Lead) -> None:
    """Keep why a company has two reps of a team now, where what moves there is worked by another."""
    if kept.company_id is None or kept.company_id == other.company_id:
        return
    there = worked_handoffs().filter(lead__company=kept.company_id, hop__receiving_team=OuterRef("hop__receiving_team"))
    moving = Handoff.objects.filter(Exists(there.exclude(rep=OuterRef("rep"))), lead=other, two_reps="")
    moving.update(two_reps=TwoReps.MERGED)
