"""Pages of deals."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from funnel.models.opportunities import Opportunity
from funnel.opportunities.forms import LostForm, OpportunityForm, ReopenForm, WonForm
from leads.models import Lead
from smarketing.pages.answers import CONFLICT, form_status
from teams.http import UserRequest


@require_http_methods(["GET", "POST"])
def opportunity_new(request: UserRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead.objects.unmerged(), pk=pk)
    form = OpportunityForm(request.POST or None, initial={"owner": request.user})
    if not form.is_valid():
        context = {"form": form, "lead": lead}
        return render(request, "funnel/opportunities/opportunity_edit.html", context, status=form_status(form))
    given = {name: form.cleaned_data[name] for name in form.Meta.fields}
    Opportunity.open(lead, **given, opened_at=form.opened_at(), by=request.user)
    messages.success(request, _("The opportunity is open."))
    return redirect("lead", lead.pk)


@require_http_methods(["GET", "POST"])
def opportunity(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Opportunity.objects.select_related("lead", "reason", "owner"), pk=pk)
    form = OpportunityForm(request.POST or None, instance=found)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("opportunity", found.pk)
    context = {"form": form, "lead": found.lead, "opportunity": Opportunity.objects.get(pk=pk)}
    return render(request, "funnel/opportunities/opportunity_edit.html", context, status=form_status(form))


@require_http_methods(["GET", "POST"])
def opportunity_won(request: UserRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, WonForm, "won")


@require_http_methods(["GET", "POST"])
def opportunity_lost(request: UserRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, LostForm, "lost")


def _decide(request: UserRequest, pk: int, kind: type[WonForm] | type[LostForm], outcome: str) -> HttpResponse:
    found = get_object_or_404(Opportunity.objects.select_related("lead"), pk=pk)
    form = kind(request.POST or None)
    context = {"form": form, "opportunity": found, "lead": found.lead, "outcome": outcome}
    if not form.is_valid():
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=form_status(form))
    decide = found.win if outcome == "won" else found.lose
    try:
        decide(reason=form.cleaned_data["reason"], text=form.cleaned_data["text"], by=request.user, at=form.at())
    except Opportunity.Decided:
        form.add_error(None, _("It was won or lost before."))
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=CONFLICT)
    messages.success(request, _("Won: congratulations.") if outcome == "won" else _("Lost, and written down why."))
    return redirect("lead", found.lead_id)


@require_http_methods(["GET", "POST"])
def opportunity_reopened(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Opportunity.objects.select_related("lead"), pk=pk)
    form = ReopenForm(request.POST or None)
    context = {"form": form, "opportunity": found, "lead": found.lead, "outcome": "reopened"}
    if not form.is_valid():
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=form_status(form))
    try:
        found.reopen(because=form.cleaned_data["because"], by=request.user)
    except Opportunity.Decided:
        form.add_error(None, _("It is open already."))
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=CONFLICT)
    messages.success(request, _("The opportunity is open again."))
    return redirect("lead", found.lead_id)
