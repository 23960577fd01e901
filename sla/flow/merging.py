"""Two records of one person become one. Nothing is lost, and it can be seen afterwards.

Each app merges its own rows; this is the whole of it, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from funnel.journeys.merging import MERGED, journey_that_goes_on, merge_journeys
from funnel.models import Journey
from leads.events import LEAD_MERGED
from leads.models import Lead
from leads.registering.merging import merge_leads
from scoring.merging import merge_scores
from sla.handoffs.models.handoffs import Handoff
from teams.models import User


class CannotMerge(Exception):
    """One of the two was merged before, or both are the same."""


def merge(
    kept: Lead, other: Lead, values: Mapping[str, Any] | None = None, *, by: User, at: datetime | None = None
) -> None:
    """Let `kept` be the one record of both, with `values` for the attributes in which they differed.

    Activities, ids, ledger, deals and hand-offs go over; the other record stays as it was, says where it went, and
    takes part in nothing. Raises `CannotMerge`.
    """
    at = at or now()
    with transaction.atomic():
        both = Lead.objects.select_for_update().filter(pk__in=[kept.pk, other.pk], merged_into=None).order_by("pk")
        if len(both) < 2:
            raise CannotMerge
        merge_handoffs(kept, other, by=by, at=at)
        merge_journeys(kept, other, by=by, at=at)
        merge_scores(kept, other, by=by, at=at)
        merge_leads(kept, other, values or {}, by=by, at=at)
        LEAD_MERGED.emit({"lead": kept.pk, "merged": other.pk}, at=at)


def merge_handoffs(kept: Lead, other: Lead, *, by: User, at: datetime) -> None:
    """Put all under `kept`. Of two that wait for an answer, the one of the journey that goes on is left open."""
    journeys = {
        journey.pk: journey for journey in Journey.objects.select_related("stage").filter(lead__in=[kept, other])
    }
    goes_on = journey_that_goes_on(journeys.get(kept.pk), journeys.get(other.pk))
    waiting = Handoff.objects.open().filter(lead__in=[kept, other]).select_related("hop")
    for handoff in waiting:
        if goes_on is None or handoff.lead_id != goes_on.pk:
            handoff.withdraw(by=by, note=MERGED, at=at)
    Handoff.objects.filter(lead=other).update(lead=kept)
