"""Pages to read the definitions of MQL and SQL: all stages, one version, its leads, two versions compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from funnel.models import Definition, Stage
from funnel.qualification.qualifying import stages_before, standing
from leads.models import Lead
from sla.agreement.document import sentences
from sla.agreement.document.comparing import mark_differences
from sla.agreement.document.lines import as_text
from sla.agreement.document.sentences import definition_sentences
from sla.agreement.models.agreements import Agreement
from sla.agreement.states import definition_state, pending_agreement_naming
from sla.agreement.views.definition_effects import (
    count_matching,
    definition_in_force,
    effect_context,
    matching_leads_url,
)
from sla.agreement.views.definition_trials import trial_context
from smarketing.database.keyset import Order
from smarketing.pages.navigation import may_open
from smarketing.pages.paging import list_page
from teams.http import UserRequest

NEWEST = Order("created_at", descending=True)


@require_GET
def definitions(request: UserRequest) -> HttpResponse:
    """Each stage that has a definition, with the one in force and the one on its way."""
    at = now()
    by_stage: dict[int, list[Definition]] = {}
    for version in Definition.objects.select_related("stage"):
        by_stage.setdefault(version.stage_id, []).append(version)
    stages = [stage for stage in Stage.objects.known() if stage.has_definition]
    rows = [_stage_row(stage, by_stage.get(stage.pk, []), at=at) for stage in stages]
    context = {"rows": rows, "may_edit": may_open(request.user, "definition_draft")}
    return render(request, "sla/agreement/definitions.html", context)


def _stage_row(stage: Stage, versions: list[Definition], *, at: datetime) -> dict[str, Any]:
    current = definition_in_force(stage, at=at)
    draft = next((version for version in versions if version.is_draft), None)
    coming = next((version for version in versions if definition_state(version) in ("proposed", "coming")), None)
    shown = current or coming or draft
    return {
        "stage": stage,
        "holding": current,
        "draft": draft,
        "waiting": coming,
        "shown": shown,
        "words": sentences.describe_definition(shown) if shown else "",
        "count": count_matching(shown) if shown else None,
        "url": matching_leads_url(shown) if shown else "",
        "versions": len(versions),
    }


@require_GET
def definition(request: UserRequest, stage: int, number: int | None = None) -> HttpResponse:
    """One version; without a number the one in force, else the newest."""
    at = now()
    decided_stage = get_object_or_404(Stage, pk=stage)
    versions = list(decided_stage.definitions.select_related("stage", "created_by").order_by("number"))
    in_force = definition_in_force(decided_stage, at=at)
    if number is not None:
        shown = next((version for version in versions if version.number == number), None)
    else:
        shown = in_force or (versions[-1] if versions else None)
    if shown is None:
        raise Http404
    context = {
        "definition": shown,
        "stage": decided_stage,
        "state": definition_state(shown),
        "sentences": definition_sentences(shown),
        "versions": [(version, definition_state(version)) for version in versions],
        "holding": in_force,
        "draft": next((version for version in versions if version.is_draft), None),
        "proposal": pending_agreement_naming(shown),
        "agreed_in": Agreement.objects.signed().filter(agreed_definitions__definition=shown),
        "from_stages": stages_before(decided_stage, at=at),
        "may_edit": may_open(request.user, "definition_draft"),
        "nav_here": "definitions",
        **effect_context(shown, at=at),
        **trial_context(request, shown),
    }
    return render(request, "sla/agreement/definition.html", context)


@require_GET
def definition_standing(request: UserRequest, stage: int, number: int) -> HttpResponse:
    """The standing leads that a definition would qualify."""
    shown = get_object_or_404(Definition.objects.select_related("stage"), stage=stage, number=number)
    leads: QuerySet[Lead] = standing(shown).select_related("company", "journey__stage")
    context = {"definition": shown, "page": list_page(request, leads, NEWEST), "nav_here": "definitions"}
    return render(request, "sla/agreement/definition_standing.html", context)


@require_GET
def definition_comparison(request: UserRequest, stage: int) -> HttpResponse:
    """Two versions beside each other."""
    decided_stage = get_object_or_404(Stage, pk=stage)
    versions = list(Definition.objects.filter(stage=decided_stage).select_related("stage").order_by("number"))
    if len(versions) < 2:
        return redirect("definitions")
    by_number = {str(version.number): version for version in versions}
    newer = by_number.get(request.GET.get("b", "")) or versions[-1]
    older = by_number.get(request.GET.get("a", "")) or _previous_version(versions, newer)
    words = mark_differences(_words(older), _words(newer))
    texts = mark_differences(older.text, newer.text)
    sides = [
        {
            "definition": version,
            "state": definition_state(version),
            "words": version_words,
            "text": text,
            "match": count_matching(version),
            "url": matching_leads_url(version),
        }
        for version, version_words, text in zip((older, newer), words, texts, strict=True)
    ]
    context = {
        "stage": decided_stage,
        "versions": versions,
        "older": older,
        "newer": newer,
        "sides": sides,
        "nav_here": "definitions",
    }
    return render(request, "sla/agreement/definition_comparison.html", context)


def _words(definition: Definition) -> str:
    return as_text(sentences.describe_definition(definition))


def _previous_version(versions: list[Definition], newer: Definition) -> Definition:
    """The version before; for the first one, the version after."""
    earlier = [version for version in versions if version.number < newer.number]
    return earlier[-1] if earlier else next(version for version in versions if version != newer)
