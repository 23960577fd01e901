"""Pages of deals."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from funnel.models.opportunities import Opportunity, OpportunityQuerySet
from funnel.opportunities.forms import DealStageForm, LostForm, OpportunityForm, ReopenForm, WonForm
from funnel.opportunities.history import history_of
from leads.models import Lead
from leads.registering.taking import claim
from smarketing.pages.answers import CONFLICT, form_status
from teams.http import UserRequest
from teams.records import changing, check_editable, get_editable, is_takeable


@require_http_methods(["GET", "POST"])
def opportunity_new(request: UserRequest, pk: int) -> HttpResponse:
    """Open a deal; a lead that is nobody's becomes theirs who opens it."""
    lead = get_object_or_404(Lead.objects.unmerged(), pk=pk)
    if not is_takeable(lead, request.user):
        check_editable(lead, request.user)
    form = OpportunityForm(request.POST or None, initial={"owner": request.user})
    if not form.is_valid():
        context = {"form": form, "lead": lead}
        return render(request, "funnel/opportunities/opportunity_edit.html", context, status=form_status(form))
    given = {name: form.cleaned_data[name] for name in form.Meta.fields}
    with transaction.atomic():
        claim(lead, by=request.user, how="page")
        Opportunity.open(lead, **given, opened_on=form.cleaned_data["opened_on"], by=request.user, how="page")
    messages.success(request, _("The opportunity is open."))
    return redirect("lead", lead.pk)


@require_http_methods(["GET", "POST"])
def opportunity(request: UserRequest, pk: int) -> HttpResponse:
    """A deal, and for those who may change it its form."""
    deals = Opportunity.objects.with_rights_of(request.user).select_related("lead", "owner__team", "reason", "stage")
    found = get_object_or_404(deals, pk=pk)
    if request.method == "POST":
        check_editable(found, request.user)
    form = OpportunityForm(request.POST or None, instance=found)
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in form.fields}
        with changing(request.user, found):
            Opportunity.objects.get(pk=pk).change(values, by=request.user, how="page")
        messages.success(request, _("Saved."))
        return redirect("opportunity", found.pk)
    # As it is kept: an invalid form has left what was typed in the other.
    deal = deals.get(pk=pk)
    context = {
        "form": form,
        "lead": deal.lead,
        "opportunity": deal,
        "stage_form": DealStageForm(opportunity=deal),
        "history": history_of(deal),
        "refusal": OpportunityQuerySet.refusal,
    }
    return render(request, "funnel/opportunities/opportunity_edit.html", context, status=form_status(form))


@require_POST
def opportunity_taking(request: UserRequest, pk: int) -> HttpResponse:
    """Make a deal mine that is nobody's."""
    found = get_object_or_404(Opportunity.objects.select_related("lead"), pk=pk)
    try:
        found.take(by=request.user, how="page")
    except Opportunity.Owned:
        messages.error(request, _("Somebody else has taken it. Nothing was changed."))
    else:
        messages.success(request, _("“%(deal)s” is yours.") % {"deal": found})
    return redirect("opportunity", pk)


@require_POST
def opportunity_stage(request: UserRequest, pk: int) -> HttpResponse:
    """Take an open deal to another stage."""
    found = get_editable(Opportunity.objects.select_related("lead"), request.user, pk=pk)
    form = DealStageForm(request.POST, opportunity=found)
    if not form.is_valid():
        messages.error(request, _("Choose a stage from the list."))
        return redirect("opportunity", pk)
    try:
        with changing(request.user, found):
            moved = found.move(form.cleaned_data["stage"], by=request.user, how="page")
        if moved:
            messages.success(request, _("It stands at “%(stage)s” now.") % {"stage": form.cleaned_data["stage"]})
    except Opportunity.Decided:
        messages.error(request, _("It was won or lost before."))
    return redirect("opportunity", pk)


@require_http_methods(["GET", "POST"])
def opportunity_won(request: UserRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, WonForm, "won")


@require_http_methods(["GET", "POST"])
def opportunity_lost(request: UserRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, LostForm, "lost")


def _decide(request: UserRequest, pk: int, kind: type[WonForm] | type[LostForm], outcome: str) -> HttpResponse:
    found = get_editable(Opportunity.objects.select_related("lead"), request.user, pk=pk)
    form = kind(request.POST or None, opportunity=found)
    context = {"form": form, "opportunity": found, "lead": found.lead, "outcome": outcome}
    if not form.is_valid():
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=form_status(form))
    decide = found.win if outcome == "won" else found.lose
    try:
        given = {name: form.cleaned_data[name] for name in ("reason", "text", "on")}
        with changing(request.user, found):
            decide(**given, by=request.user, how="page")
    except Opportunity.Decided:
        form.add_error(None, _("It was won or lost before."))
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=CONFLICT)
    messages.success(request, _("Won: congratulations.") if outcome == "won" else _("Lost, and written down why."))
    return redirect("lead", found.lead_id)


@require_http_methods(["GET", "POST"])
def opportunity_reopened(request: UserRequest, pk: int) -> HttpResponse:
    found = get_editable(Opportunity.objects.select_related("lead"), request.user, pk=pk)
    form = ReopenForm(request.POST or None)
    context = {"form": form, "opportunity": found, "lead": found.lead, "outcome": "reopened"}
    if not form.is_valid():
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=form_status(form))
    try:
        with changing(request.user, found):
            found.reopen(because=form.cleaned_data["because"], by=request.user, how="page")
    except Opportunity.Decided:
        form.add_error(None, _("It is open already."))
        return render(request, "funnel/opportunities/opportunity_outcome.html", context, status=CONFLICT)
    messages.success(request, _("The opportunity is open again."))
    return redirect("lead", found.lead_id)
