"""Merging two leads: find the other record, compare, choose values, confirm."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dashboards.lead.merge_forms import MergeForm
from leads.models import Lead
from leads.registering.identities import Conflict
from leads.registering.searching import search
from sla.flow.merging import CannotMerge, merge
from teams.http import UserRequest

SUGGESTIONS = 10


def get_lead_or_404(pk: int) -> Lead:
    leads = Lead.objects.unmerged().select_related("company", "owner", "campaign", "journey__stage", "score")
    return get_object_or_404(leads, pk=pk)


@require_GET
def lead_merge(request: UserRequest, pk: int) -> HttpResponse:
    """Find the other record of the same person."""
    lead = get_lead_or_404(pk)
    words = request.GET.get("q", "").strip()
    others = Lead.objects.unmerged().exclude(pk=pk).select_related("company", "journey__stage")
    matches = list(search(others, words)[:SUGGESTIONS]) if words else same_name(lead, others)
    return render(request, "dashboards/lead/lead_merge.html", {"lead": lead, "words": words, "found": matches})


def same_name(lead: Lead, others: QuerySet[Lead]) -> list[Lead]:
    """Other leads with the same name, in either order and script."""
    if not (lead.family_name and lead.given_name):
        return []
    return list(search(others, f"{lead.family_name} {lead.given_name}")[:SUGGESTIONS])


@require_http_methods(["GET", "POST"])
def lead_merge_with(request: UserRequest, pk: int, other: int) -> HttpResponse:
    """Compare both records, choose values, and merge."""
    kept, merged = get_lead_or_404(pk), get_lead_or_404(other)
    form = MergeForm(request.POST if request.method == "POST" else None, kept=kept, other=merged)
    if form.is_valid():
        try:
            merge(kept, merged, form.values(), by=request.user)
        except CannotMerge:
            messages.warning(request, _("One of the two was merged a moment ago. Nothing was changed."))
            return redirect("lead", pk)
        except (Conflict, ValidationError) as error:
            form.add_error(None, str(error) if isinstance(error, Conflict) else error.messages[0])
        else:
            messages.success(request, _("The two records are one now."))
            return redirect("lead", pk)
    context = {"lead": kept, "other": merged, "form": form, "rows": form.rows(), "counts": counts_of(kept, merged)}
    return render(request, "dashboards/lead/lead_merge_with.html", context, status=422 if form.errors else 200)


def counts_of(kept: Lead, other: Lead) -> list[tuple[str, int, int]]:
    """How many rows each record has, by kind."""
    return [
        (_("Activities"), kept.activities.count(), other.activities.count()),
        (_("Stage changes"), kept.transitions.count(), other.transitions.count()),
        (_("Opportunities"), kept.opportunities.count(), other.opportunities.count()),
        (_("Hand-offs"), kept.handoffs.count(), other.handoffs.count()),
    ]
