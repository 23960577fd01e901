"""The home page of marketing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from dashboards.home.card_size import SHOWN
from leads.models import Import, Lead, Persona
from sla.models import Agreement, Handoff
from smarketing.database.counting import count_up_to

RECENT = timedelta(days=14)


def marketing_context(at: datetime) -> dict[str, Any]:
    """Recent rejections, leads without a persona, and the last imports."""
    rejected = Handoff.objects.filter(answer="rejected", answered_at__gte=at - RECENT)
    unmatched_leads = Lead.objects.unmerged().filter(Q(persona_match=None) | Q(persona_match__persona=None))
    unmatched, _more = count_up_to(unmatched_leads)
    return {
        "is_marketing": True,
        "rejections": rejected.select_related("lead__company", "rep__team", "reason").order_by("-answered_at")[:SHOWN],
        "rejection_count": rejected.count(),
        "unmatched": unmatched + _more,
        "has_personas": Persona.objects.filter(retired_at=None).exists(),
        "has_leads": Lead.objects.exists(),
        "imports": Import.objects.defer("mapping", "said", "dry_run").order_by("-created_at")[:SHOWN],
        "on_its_way": Agreement.objects.pending().first(),
    }
