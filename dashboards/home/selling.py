"""The home page of a rep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from dashboards.home.card_size import SHOWN
from funnel.models import Opportunity
from leads.models import Activity, Lead
from sla.handoffs.touching import Clock
from sla.inbox.inbox import offered
from sla.models import Calendar, Handoff
from teams.models import User

# Kinds of activity that count as having reached a lead.
REACHING_KINDS = ("call", "meeting")


def selling_context(user: User, at: datetime) -> dict[str, Any]:
    """Offers by deadline, accepted leads that were not reached yet, and deals that close soon."""
    hours = Calendar.hours_of(user, at=at)
    offers = list(offered(user)[: SHOWN + 1])
    accepted_handoffs = Handoff.objects.filter(lead=OuterRef("pk"), rep=user, answer="accepted")
    accepted = Handoff.objects.filter(lead=OuterRef("lead"), rep=user, answer="accepted").order_by("-answered_at")
    reached = Activity.objects.filter(
        lead=OuterRef("pk"), kind__key__in=REACHING_KINDS, occurred_at__gte=accepted.values("answered_at")[:1]
    )
    first_steps = (
        Lead.objects.unmerged()
        .filter(Exists(accepted_handoffs), owner=user, journey__closed_at=None)
        .exclude(Exists(reached))
        .exclude(journey__stage__role__in=("opportunity", "customer"))
        .select_related("company", "journey__stage", "score")
        .order_by("-journey__entered_at")
    )
    deals = Opportunity.objects.open().filter(owner=user, lead__merged_into=None).select_related("lead__company")
    return {
        "is_selling": True,
        "offers": [(offer, Clock.of(offer, hours, at=at)) for offer in offers[:SHOWN]],
        "offer_count": Handoff.objects.open().for_rep(user).count(),
        "first_steps": list(first_steps[:SHOWN]),
        "deals": list(deals.order_by("expected_close_on", "pk")[:SHOWN]),
    }
