"""What makes a lead MQL, or SQL: read, written, tried, compared, proposed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from funnel.models import Definition, Stage
from funnel.qualification.qualifying import stages_before, standing
from leads.criteria import BadCriteria, Explained, counts, explain, sentence
from leads.criteria.links import leads_who_meet
from leads.models import Lead
from leads.registering.searching import search
from sla.agreement import definition_drafts
from sla.agreement.document import sentences
from sla.agreement.document.comparing import mark_differences
from sla.agreement.document.lines import as_text
from sla.agreement.forms.drafts import DefinitionForm
from sla.agreement.models.agreements import Agreement
from smarketing.database.keyset import Order
from smarketing.pages.navigation import may_open
from smarketing.pages.paging import list_page
from smarketing.pages.wording import japanese
from teams.http import UserRequest

UNPROCESSABLE = 422
NEWEST = Order("created_at", descending=True)
FEW = 5


def state_of(definition: Definition) -> str:
    """Where it is on its way: draft, proposed, frozen (and not proposed now), coming, in_force, replaced or never."""
    at = now()
    if definition.frozen_at is None:
        return "draft"
    if definition.in_force_from is None:
        named_in = proposal_of(definition)
        return "proposed" if named_in and named_in.proposed_at else "frozen"
    if definition.replaced_at and definition.replaced_at <= definition.in_force_from:
        return "never"
    if definition.replaced_at and definition.replaced_at <= at:
        return "replaced"
    return "coming" if definition.in_force_from > at else "in_force"


def proposal_of(definition: Definition) -> Agreement | None:
    """The agreement on its way that names it."""
    return Agreement.objects.filter(in_force_from=None, agreed_definitions__definition=definition).first()


def holding(stage: Stage) -> Definition | None:
    return Definition.objects.in_force().filter(stage=stage).first()


def definition_sentences(definition: Definition) -> list[tuple[str, Any]]:
    """The definition in both languages, that of the page first."""
    told = []
    for language in ("en", "ja"):
        verdict = sentences.verdict(definition.stage, language)
        try:
            words = sentence(definition.criteria, language=language, html=True, verdict=verdict)
        except BadCriteria:
            words = _("These criteria no longer hold together.")
        told.append((language, words))
    return sorted(told, key=lambda each: (each[0] == "ja") != japanese())


def leads_url(definition: Definition) -> str:
    """The list of the leads that meet it."""
    return leads_who_meet(definition.criteria)


def matching(definition: Definition) -> dict[str, int] | None:
    """How many leads meet it now, of how many."""
    if definition.criteria is None:
        return None
    try:
        found = counts(definition.criteria, at=now())
    except BadCriteria:
        return None
    return {"matching": found[""], "total": found["*"]}


@require_GET
def definitions(request: UserRequest) -> HttpResponse:
    """Each stage that a definition can decide, with the one that holds and the draft."""
    rows = []
    for stage in Stage.objects.all():
        versions = list(Definition.objects.filter(stage=stage).select_related("stage"))
        if not stage.has_definition:
            continue
        here = holding(stage)
        draft = next((each for each in versions if each.frozen_at is None), None)
        waiting = next((each for each in versions if state_of(each) in ("proposed", "coming")), None)
        shown = here or waiting or draft
        rows.append(
            {
                "stage": stage,
                "holding": here,
                "draft": draft,
                "waiting": waiting,
                "shown": shown,
                "words": sentences.describe_definition(shown) if shown else "",
                "count": matching(shown) if shown else None,
                "url": leads_url(shown) if shown else "",
                "versions": len(versions),
            }
        )
    context = {"rows": rows, "may_edit": may_open(request.user, "definition_draft")}
    return render(request, "sla/agreement/definitions.html", context)


@require_GET
def definition(request: UserRequest, stage: int, number: int | None = None) -> HttpResponse:
    """One version; without a number the one that holds, else the newest."""
    place = get_object_or_404(Stage, pk=stage)
    versions = Definition.objects.filter(stage=place).select_related("stage", "created_by")
    if number is not None:
        shown = get_object_or_404(versions, number=number)
    else:
        found = versions.in_force().first() or versions.order_by("-number").first()
        if found is None:
            raise Http404
        shown = found
    state = state_of(shown)
    context = {
        "definition": shown,
        "stage": place,
        "state": state,
        "sentences": definition_sentences(shown),
        "versions": [(each, state_of(each)) for each in versions.order_by("number")],
        "holding": holding(place),
        "draft": versions.filter(frozen_at=None).first(),
        "proposal": proposal_of(shown),
        "agreed_in": Agreement.objects.filter(agreed_definitions__definition=shown, in_force_from__isnull=False),
        "from_stages": stages_before(place),
        "may_edit": may_open(request.user, "definition_draft"),
        "nav_here": "definitions",
        **effect(shown),
        **trial(request, shown),
    }
    return render(request, "sla/agreement/definition.html", context)


def effect(definition: Definition) -> dict[str, Any]:
    """How many leads meet it, and how many of them stand just before and would move."""
    try:
        would_move = standing(definition).count()
    except BadCriteria:
        would_move = 0
    here = holding(definition.stage)
    return {
        "match": matching(definition),
        "match_url": leads_url(definition),
        "match_before": matching(here) if here and here != definition else None,
        "match_before_url": leads_url(here) if here else "",
        "would_move": would_move,
    }


# Trying it


@require_GET
def definition_trial(request: UserRequest, stage: int, number: int) -> HttpResponse:
    """Try it on a lead: which part holds, which does not."""
    shown = get_object_or_404(Definition.objects.select_related("stage"), stage=stage, number=number)
    context = {"definition": shown, "stage": shown.stage, "nav_here": "definitions", **trial(request, shown)}
    template = "sla/agreement/definition_trial.html#card" if request.htmx else "sla/agreement/definition_trial.html"
    return render(request, template, context)


def trial(request: UserRequest, definition: Definition) -> dict[str, Any]:
    words, chosen = request.GET.get("q", "").strip(), request.GET.get("lead", "")
    found = list(search(Lead.objects.here(), words).select_related("company")[:FEW]) if words else []
    lead = Lead.objects.here().filter(pk=int(chosen)).first() if chosen.isdecimal() else (found[0] if found else None)
    told: Explained | None = None
    if lead and definition.criteria is not None:
        try:
            told = explain(definition.criteria, lead.pk)
        except BadCriteria:
            told = None
    others = [each for each in found if each != lead]
    return {"try_words": words, "try_lead": lead, "try_told": told, "try_others": others}


@require_GET
def definition_standing(request: UserRequest, stage: int, number: int) -> HttpResponse:
    """The leads that it would move where they stand."""
    shown = get_object_or_404(Definition.objects.select_related("stage"), stage=stage, number=number)
    waiting: QuerySet[Lead] = standing(shown).select_related("company", "journey__stage")
    context = {"definition": shown, "page": list_page(request, waiting, NEWEST), "nav_here": "definitions"}
    return render(request, "sla/agreement/definition_standing.html", context)


@require_GET
def definition_comparison(request: UserRequest, stage: int) -> HttpResponse:
    """Two versions beside each other."""
    place = get_object_or_404(Stage, pk=stage)
    every = list(Definition.objects.filter(stage=place).select_related("stage").order_by("number"))
    if len(every) < 2:
        return redirect("definitions")
    newer = _chosen(every, request.GET.get("b")) or every[-1]
    older = _chosen(every, request.GET.get("a")) or _before(every, newer)
    words = mark_differences(_words(older), _words(newer))
    texts = mark_differences(older.text, newer.text)
    sides = [
        {"definition": each, "state": state_of(each), "words": said, "text": text, **_counted(each)}
        for each, said, text in zip((older, newer), words, texts, strict=True)
    ]
    context = {
        "stage": place,
        "versions": every,
        "older": older,
        "newer": newer,
        "sides": sides,
        "nav_here": "definitions",
    }
    return render(request, "sla/agreement/definition_comparison.html", context)


def _words(definition: Definition) -> str:
    return as_text(sentences.describe_definition(definition))


def _counted(definition: Definition) -> dict[str, Any]:
    return {"match": matching(definition), "url": leads_url(definition)}


def _chosen(every: list[Definition], number: str | None) -> Definition | None:
    return next((each for each in every if str(each.number) == number), None)


def _before(every: list[Definition], newer: Definition) -> Definition:
    earlier = [each for each in every if each.number < newer.number]
    return earlier[-1] if earlier else next(each for each in every if each != newer)


# Writing


def _place(pk: int) -> Stage:
    """A stage that a definition can decide."""
    place = get_object_or_404(Stage, pk=pk)
    if not place.has_definition:
        raise Http404
    return place


@require_POST
def definition_draft_new(request: UserRequest, stage: int) -> HttpResponse:
    """Begin the stage's draft, from the one that holds."""
    definition_drafts.draft_definition(_place(stage), by=request.user)
    return redirect("definition_draft", stage)


@require_http_methods(["GET", "POST"])
def definition_draft(request: UserRequest, stage: int) -> HttpResponse:
    """The editor of a stage's draft."""
    place = _place(stage)
    draft = Definition.objects.filter(stage=place, frozen_at=None).select_related("stage").first()
    if draft is None and request.method == "GET":
        return redirect("definitions")
    # Proposed while somebody was typing: what was typed begins the next version.
    draft = draft or definition_drafts.draft_definition(place, by=request.user)
    here = holding(place)
    form = DefinitionForm(request.POST or None, instance=draft, before=here)
    if not form.is_valid():
        wrong = bool(form.is_bound and not form.is_being_edited)
        return _editor(request, form, here, UNPROCESSABLE if wrong else 200)
    Definition.objects.filter(pk=draft.pk, frozen_at=None).update(**form.cleaned_data)
    draft.refresh_from_db()
    if request.POST.get("then") == "propose":
        return _proposed(request, draft)
    messages.success(request, _("%(definition)s is saved.") % {"definition": draft})
    return redirect("definition_draft", place.pk)


def _editor(request: UserRequest, form: DefinitionForm, here: Definition | None, status: int) -> HttpResponse:
    draft = Definition.objects.select_related("stage", "created_by").get(pk=form.instance.pk)
    context = {
        "form": form,
        "definition": draft,
        "stage": draft.stage,
        "holding": here,
        "state": "draft",
        "waiting": Agreement.objects.pending().first(),
        "nav_here": "definitions",
        **effect(draft),
        **trial(request, draft),
    }
    return render(request, "sla/agreement/definition_draft.html", context, status=status)


def _proposed(request: UserRequest, draft: Definition) -> HttpResponse:
    """One click: the next agreement with this one change, proposed; or into the draft that is there."""
    if draft.criteria is None:
        messages.error(request, _("The definition of %(stage)s has no criteria.") % {"stage": draft.stage})
        return redirect("definition_draft", draft.stage_id)
    try:
        agreement = definition_drafts.propose_definition(draft, by=request.user)
    except Agreement.NotReady as lacking:
        for each in lacking.missing:
            messages.error(request, each)
        return redirect("agreement_draft")
    except Agreement.Frozen:
        messages.error(
            request, _("A proposal waits for signatures. Sign it, or take it back, before the next one begins.")
        )
        return redirect("definition_draft", draft.stage_id)
    if agreement.proposed_at:
        said = _("Version %(number)s of the agreement is proposed with it. The heads are asked to sign.")
        messages.success(request, said % {"number": agreement.number})
        return redirect("agreement_version", agreement.number)
    said = _("Draft %(number)s of the agreement names it now. It holds other changes too: look at it, and propose it.")
    messages.info(request, said % {"number": agreement.number})
    return redirect("agreement_draft")


@require_POST
def definition_discard(request: UserRequest, stage: int) -> HttpResponse:
    """Throw a draft away, unless a draft of the agreement names it."""
    draft = get_object_or_404(Definition, stage=stage, frozen_at=None)
    if proposal_of(draft):
        messages.error(request, _("The draft of the agreement names it. Take it out there first."))
        return redirect("agreement_draft")
    draft.delete()
    messages.success(request, _("The draft is thrown away."))
    return redirect("definitions")
