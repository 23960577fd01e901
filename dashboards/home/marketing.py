"""The home page of marketing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from dashboards.home.card_size import SHOWN
from leads.models import Import, Lead, Persona
from sla.models import Agreement, Handoff
from smarketing.database.counting import COUNT_TO
from smarketing.database.together import any_of, count_of, fetch_together

RECENT = timedelta(days=14)


def marketing_context(at: datetime) -> dict[str, Any]:
    """Recent rejections, leads without a persona, and the last imports."""
    rejected = Handoff.objects.filter(answer="rejected", answered_at__gte=at - RECENT)
    unmatched_leads = Lead.objects.unmerged().filter(Q(persona_match=None) | Q(persona_match__persona=None))
    rejections, counts, unmatched, personas, leads, imports, pending = fetch_together(
        rejected.select_related("lead__company", "rep__team", "reason").order_by("-answered_at")[:SHOWN],
        count_of(rejected),
        count_of(unmatched_leads, COUNT_TO + 1),
        any_of(Persona.objects.filter(retired_at=None)),
        any_of(Lead.objects.all()),
        Import.objects.defer("mapping", "said", "dry_run").order_by("-created_at")[:SHOWN],
        Agreement.objects.pending()[:1],
    )
    return {
        "is_marketing": True,
        "rejections": rejections,
        "rejection_count": sum(counts),
        "unmatched": sum(unmatched),
        "has_personas": bool(personas),
        "has_leads": bool(leads),
        "imports": imports,
        "on_its_way": next(iter(pending), None),
    }
