"""Pages of the funnel's own nouns: stages, reasons, one lead's steps, opportunities."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from funnel.journeys.forms import DisqualifyForm, RecycleForm, StepForm
from funnel.models.journeys import Journey
from funnel.models.stages import StageRole
from funnel.qualification.qualifying import begin_missing
from leads.models import Lead
from smarketing.pages.answers import CONFLICT, form_status
from teams.http import UserRequest
from teams.records import changing, get_editable

# Stages


# Reasons


# One lead's steps


def _journey(request: UserRequest, pk: int) -> Journey:
    lead = get_editable(Lead.objects.unmerged(), request.user, pk=pk)
    begin_missing([lead.pk])
    return Journey.objects.select_related("lead", "stage").get(pk=lead.pk)


def _take_step(request: UserRequest, journey: Journey, step: Callable[[], object], said: str) -> HttpResponse:
    try:
        with changing(request.user, journey.lead):
            step()
        messages.success(request, said)
    except (Journey.Moved, Journey.Closed):
        messages.error(request, _("Somebody else moved this lead first. Look again."))
        return _lead_page(request, journey, status=CONFLICT)
    return redirect("lead", journey.pk)


def _lead_page(request: UserRequest, journey: Journey, *, status: int) -> HttpResponse:
    journey = _journey(request, journey.pk)
    form = StepForm(journey=journey)
    return render(request, "funnel/journeys/journey_step.html", {"journey": journey, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
def journey_step(request: UserRequest, pk: int) -> HttpResponse:
    """Move a lead by hand, or open a closed journey again at a stage."""
    journey = _journey(request, pk)
    form = StepForm(request.POST or None, journey=journey)
    if not form.is_valid():
        context = {"journey": journey, "form": form}
        return render(request, "funnel/journeys/journey_step.html", context, status=form_status(form))
    stage, because = form.cleaned_data["stage"], form.cleaned_data["because"]
    said = _("%(lead)s stands at %(stage)s now.") % {"lead": journey.lead, "stage": stage}
    if journey.closed_at:
        return _take_step(request, journey, lambda: journey.reopen(to=stage, because=because, by=request.user), said)
    return _take_step(request, journey, lambda: journey.move_to(stage, because=because, by=request.user), said)


@require_http_methods(["GET", "POST"])
def journey_recycling(request: UserRequest, pk: int) -> HttpResponse:
    journey = _journey(request, pk)
    if journey.stage.role == StageRole.LEAD and not journey.closed_at:
        messages.info(request, _("%(lead)s is in nurture already.") % {"lead": journey.lead})
        return redirect("lead", pk)
    form = RecycleForm(request.POST or None)
    if not form.is_valid():
        context = {"journey": journey, "form": form}
        return render(request, "funnel/journeys/journey_recycling.html", context, status=form_status(form))
    given = form.cleaned_data
    return _take_step(
        request,
        journey,
        lambda: journey.recycle(
            given["reason"],
            text=given["text"],
            wake_at=form.wake_at(),
            only_with_news=given["only_with_news"],
            by=request.user,
        ),
        _("%(lead)s is back in nurture.") % {"lead": journey.lead},
    )


@require_http_methods(["GET", "POST"])
def journey_end(request: UserRequest, pk: int) -> HttpResponse:
    """Disqualify: this lead is no buyer."""
    journey = _journey(request, pk)
    form = DisqualifyForm(request.POST or None)
    if not form.is_valid():
        context = {"journey": journey, "form": form}
        return render(request, "funnel/journeys/journey_end.html", context, status=form_status(form))
    given = form.cleaned_data
    return _take_step(
        request,
        journey,
        lambda: journey.disqualify(given["reason"], text=given["text"], by=request.user),
        _("%(lead)s is disqualified.") % {"lead": journey.lead},
    )


# Opportunities
