"""The editor of a stage's draft definition."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from funnel.models import Definition, Stage
from sla.agreement import definition_drafts
from sla.agreement.forms.definitions import DefinitionForm
from sla.agreement.models.agreements import Agreement
from sla.agreement.states import pending_agreement_naming
from sla.agreement.views.definition_effects import definition_in_force, effect_context
from sla.agreement.views.definition_trials import trial_context
from sla.agreement.views.redirects import redirect_to_draft
from smarketing.pages.answers import UNPROCESSABLE
from teams.http import UserRequest


def _get_defined_stage(pk: int) -> Stage:
    """A stage that has a definition."""
    stage = get_object_or_404(Stage, pk=pk)
    if not stage.has_definition:
        raise Http404
    return stage


@require_POST
def definition_draft_new(request: UserRequest, stage: int) -> HttpResponse:
    """Begin the stage's draft from its newest version."""
    definition_drafts.draft_definition(_get_defined_stage(stage), by=request.user)
    return redirect("definition_draft", stage)


@require_http_methods(["GET", "POST"])
def definition_draft(request: UserRequest, stage: int) -> HttpResponse:
    """The editor of a stage's draft."""
    decided_stage = _get_defined_stage(stage)
    draft = Definition.objects.series(decided_stage).drafts().select_related("stage").first()
    if draft is None and request.method == "GET":
        return redirect("definitions")
    # If it was proposed while somebody was typing, their text begins the next version.
    draft = draft or definition_drafts.draft_definition(decided_stage, by=request.user)
    current = definition_in_force(decided_stage)
    form = DefinitionForm(request.POST or None, instance=draft, before=current)
    if not form.is_valid():
        is_refused = form.is_bound and not form.is_being_edited
        return _editor(request, form, current, UNPROCESSABLE if is_refused else 200)
    Definition.objects.drafts().filter(pk=draft.pk).update(**form.cleaned_data)
    draft.refresh_from_db()
    if request.POST.get("then") == "propose":
        return _propose(request, draft)
    messages.success(request, _("%(definition)s is saved.") % {"definition": draft})
    return redirect("definition_draft", decided_stage.pk)


def _editor(request: UserRequest, form: DefinitionForm, current: Definition | None, status: int) -> HttpResponse:
    draft = Definition.objects.select_related("stage", "created_by").get(pk=form.instance.pk)
    context = {
        "form": form,
        "definition": draft,
        "stage": draft.stage,
        "holding": current,
        "state": "draft",
        "waiting": Agreement.objects.pending().first(),
        "nav_here": "definitions",
        **effect_context(draft, at=now()),
        **trial_context(request, draft),
    }
    return render(request, "sla/agreement/definition_draft.html", context, status=status)


def _propose(request: UserRequest, draft: Definition) -> HttpResponse:
    """Propose an agreement with this one change, or add it to the draft that exists."""
    if draft.criteria is None:
        messages.error(request, _("The definition of %(stage)s has no criteria.") % {"stage": draft.stage})
        return redirect("definition_draft", draft.stage_id)
    try:
        agreement = definition_drafts.propose_definition(draft, by=request.user)
    except Agreement.Unchanged:
        text = _("The definition of %(stage)s says the same as the agreed one: there is nothing to sign.")
        messages.error(request, text % {"stage": draft.stage})
        return redirect("definition_draft", draft.stage_id)
    except Agreement.NotReady as error:
        return redirect_to_draft(request, error)
    except Agreement.Frozen:
        messages.error(
            request, _("A proposal waits for signatures. Sign it, or take it back, before the next one begins.")
        )
        return redirect("definition_draft", draft.stage_id)
    if agreement.proposed_at:
        text = _("Version %(number)s of the agreement is proposed with it. The heads are asked to sign.")
        messages.success(request, text % {"number": agreement.number})
        return redirect("agreement_version", agreement.number)
    text = _("Draft %(number)s of the agreement names it now. It holds other changes too: look at it, and propose it.")
    messages.info(request, text % {"number": agreement.number})
    return redirect("agreement_draft")


@require_POST
def definition_discard(request: UserRequest, stage: int) -> HttpResponse:
    """Delete a draft, unless a draft of the agreement names it."""
    draft = get_object_or_404(Definition.objects.drafts(), stage=stage)
    if pending_agreement_naming(draft):
        messages.error(request, _("The draft of the agreement names it. Take it out there first."))
        return redirect("agreement_draft")
    draft.delete()
    messages.success(request, _("The draft is thrown away."))
    return redirect("definitions")
