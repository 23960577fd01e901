"""Merging two leads: find the other record, compare, choose values, confirm."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dashboards.lead.merge_forms import MergeForm
from funnel.models import Opportunity, Transition
from leads.models import Activity, Lead
from leads.registering.identities import Conflict
from leads.registering.searching import search
from sla.flow.merging import CannotMerge, merge
from sla.models import Handoff
from smarketing.database.counting import CountOf
from teams.http import UserRequest
from teams.records import changing, get_editable

SUGGESTIONS = 10


def get_editable_lead(request: UserRequest, pk: int) -> Lead:
    leads = Lead.objects.unmerged().select_related("company", "owner", "campaign", "journey__stage", "score")
    return get_editable(leads, request.user, pk=pk)


@require_GET
def lead_merge(request: UserRequest, pk: int) -> HttpResponse:
    """Find the other record of the same person."""
    lead = get_editable_lead(request, pk)
    words = request.GET.get("q", "").strip()
    others = Lead.objects.unmerged().exclude(pk=pk).with_rights_of(request.user)
    others = others.select_related("company", "journey__stage")
    matches = list(search(others, words)[:SUGGESTIONS]) if words else alike(lead, others)
    return render(request, "dashboards/lead/lead_merge.html", {"lead": lead, "words": words, "found": matches})


def alike(lead: Lead, others: QuerySet[Lead]) -> list[Lead]:
    """Other leads with the same phone, however it is typed, or with the same name, in either order and script."""
    found: list[Lead] = []
    if lead.phone_e164:
        found += others.filter(phone_e164=lead.phone_e164).order_by("-pk")[:SUGGESTIONS]
    if lead.family_name and lead.given_name:
        found += search(others, f"{lead.family_name} {lead.given_name}")[:SUGGESTIONS]
    return list({each.pk: each for each in found}.values())[:SUGGESTIONS]


@require_http_methods(["GET", "POST"])
def lead_merge_with(request: UserRequest, pk: int, other: int) -> HttpResponse:
    """Compare both records, choose values, and merge."""
    if pk == other:
        messages.warning(request, _("This is one record: choose another one to merge it with."))
        return redirect("lead_merge", pk)
    kept, merged = get_editable_lead(request, pk), get_editable_lead(request, other)
    form = MergeForm(request.POST if request.method == "POST" else None, kept=kept, other=merged)
    if form.is_valid():
        try:
            with changing(request.user, kept, merged):
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
    kinds = {
        _("Activities"): Activity,
        _("Stage changes"): Transition,
        _("Opportunities"): Opportunity,
        _("Hand-offs"): Handoff,
    }
    counts = {
        model.__name__: CountOf(model._default_manager.filter(lead=OuterRef("pk")), limit=None)
        for model in kinds.values()
    }
    both = Lead.objects.filter(pk__in=[kept.pk, other.pk]).annotate(**counts).in_bulk()
    return [
        (kind, getattr(both[kept.pk], model.__name__), getattr(both[other.pk], model.__name__))
        for kind, model in kinds.items()
    ]
