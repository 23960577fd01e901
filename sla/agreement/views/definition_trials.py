"""Trying a definition on one lead."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from funnel.models import Definition
from leads.criteria import BadCriteria, Explained, explain
from leads.models import Lead
from leads.registering.searching import search
from teams.http import UserRequest

SUGGESTIONS = 5


@require_GET
def definition_trial(request: UserRequest, stage: int, number: int) -> HttpResponse:
    """Explain for one lead which conditions of the definition hold."""
    shown = get_object_or_404(Definition.objects.select_related("stage"), stage=stage, number=number)
    context = {"definition": shown, "stage": shown.stage, "nav_here": "definitions", **trial_context(request, shown)}
    template = "sla/agreement/definition_trial.html#card" if request.htmx else "sla/agreement/definition_trial.html"
    return render(request, template, context)


def trial_context(request: UserRequest, definition: Definition) -> dict[str, Any]:
    words, chosen = request.GET.get("q", "").strip(), request.GET.get("lead", "")
    matches = list(search(Lead.objects.unmerged(), words).select_related("company")[:SUGGESTIONS]) if words else []
    first_match = matches[0] if matches else None
    lead = Lead.objects.unmerged().filter(pk=int(chosen)).first() if chosen.isdecimal() else first_match
    return {
        "try_words": words,
        "try_lead": lead,
        "try_told": _explain(definition, lead) if lead else None,
        "try_others": [match for match in matches if match != lead],
    }


def _explain(definition: Definition, lead: Lead) -> Explained | None:
    if definition.criteria is None:
        return None
    try:
        return explain(definition.criteria, lead.pk)
    except BadCriteria:
        return None
