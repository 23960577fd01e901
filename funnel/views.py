"""Pages of the funnel's own nouns: stages, reasons, one lead's steps, opportunities."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count, ProtectedError, Q
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from funnel.forms import (
    DisqualifyForm,
    LostForm,
    OpportunityForm,
    ReasonForm,
    RecycleForm,
    ReopenForm,
    StageForm,
    StepForm,
    WonForm,
)
from funnel.models import Journey, Opportunity, Reason, Stage, StageRole
from funnel.qualification import begin_missing
from leads.models import Lead
from teams.http import UserRequest

CONFLICT, UNPROCESSABLE = 409, 422


def answered(form: BaseForm) -> int:
    return UNPROCESSABLE if form.errors else 200


# Stages


@require_GET
def stages(request: UserRequest) -> HttpResponse:
    here = Q(journeys__closed_at=None, journeys__lead__merged_into=None)
    return render(
        request,
        "funnel/stages.html",
        {"stages": Stage.objects.annotate(here=Count("journeys", filter=here)).order_by("position")},
    )


@require_http_methods(["GET", "POST"])
def stage_new(request: UserRequest) -> HttpResponse:
    return _stage_saved(request, StageForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def stage_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _stage_saved(request, StageForm(request.POST or None, instance=get_object_or_404(Stage, pk=pk)))


def _stage_saved(request: UserRequest, form: StageForm) -> HttpResponse:
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("stages")
    return render(request, "funnel/stage_edit.html", {"form": form}, status=answered(form))


@require_POST
def stage_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Take away a stage of our own, as long as no lead ever stood there."""
    stage = get_object_or_404(Stage, pk=pk, role=None)
    try:
        stage.delete()
        messages.success(request, _("“%(stage)s” is gone.") % {"stage": stage})
    except ProtectedError:
        messages.error(
            request, _("Leads have stood at “%(stage)s”, or an agreement names it: it stays.") % {"stage": stage}
        )
    return redirect("stages")


# Reasons


@require_GET
def reasons(request: UserRequest) -> HttpResponse:
    lists = [(kind, [each for each in Reason.objects.all() if each.kind == kind]) for kind in Reason.Kind]
    return render(request, "funnel/reasons.html", {"lists": lists})


@require_http_methods(["GET", "POST"])
def reason_new(request: UserRequest, kind: str) -> HttpResponse:
    if kind not in Reason.Kind.values:
        raise Http404
    return _reason_saved(request, ReasonForm(request.POST or None, instance=Reason(kind=kind)))


@require_http_methods(["GET", "POST"])
def reason_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _reason_saved(request, ReasonForm(request.POST or None, instance=get_object_or_404(Reason, pk=pk)))


def _reason_saved(request: UserRequest, form: ReasonForm) -> HttpResponse:
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("reasons")
    return render(request, "funnel/reason_edit.html", {"form": form}, status=answered(form))


@require_POST
def reason_retirement(request: UserRequest, pk: int) -> HttpResponse:
    """Offer a reason no more, or again. Where it was given, it stays readable."""
    reason = get_object_or_404(Reason, pk=pk)
    others = Reason.objects.offered(reason.kind).exclude(pk=pk)
    if not reason.retired_at and not others.exists():
        messages.error(request, _("One reason has to stay on the list."))
        return redirect("reasons")
    reason.retired_at = None if reason.retired_at else now()
    reason.save(update_fields=["retired_at"])
    said = _("“%(reason)s” is retired.") if reason.retired_at else _("“%(reason)s” is in use again.")
    messages.success(request, said % {"reason": reason})
    return redirect("reasons")


@require_POST
def reason_order(request: UserRequest, pk: int) -> HttpResponse:
    """One up, or one down."""
    Reason.objects.move(get_object_or_404(Reason, pk=pk), up=request.POST.get("to") == "up")
    return redirect("reasons")


# One lead's steps


def _journey(pk: int) -> Journey:
    lead = get_object_or_404(Lead.objects.here(), pk=pk)
    begin_missing([lead.pk])
    return Journey.objects.select_related("lead", "stage").get(pk=lead.pk)


def _stepped(request: UserRequest, journey: Journey, step: Callable[[], object], said: str) -> HttpResponse:
    try:
        step()
        messages.success(request, said)
    except (Journey.Moved, Journey.Closed):
        messages.error(request, _("Somebody else moved this lead first. Look again."))
        return _lead_page(request, journey, status=CONFLICT)
    return redirect("lead", journey.pk)


def _lead_page(request: UserRequest, journey: Journey, *, status: int) -> HttpResponse:
    journey = _journey(journey.pk)
    form = StepForm(journey=journey)
    return render(request, "funnel/journey_step.html", {"journey": journey, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
def journey_step(request: UserRequest, pk: int) -> HttpResponse:
    """Move a lead by hand, or open a closed journey again at a stage."""
    journey = _journey(pk)
    form = StepForm(request.POST or None, journey=journey)
    if not form.is_valid():
        context = {"journey": journey, "form": form}
        return render(request, "funnel/journey_step.html", context, status=answered(form))
    stage, because = form.cleaned_data["stage"], form.cleaned_data["because"]
    said = _("%(lead)s stands at %(stage)s now.") % {"lead": journey.lead, "stage": stage}
    if journey.closed_at:
        return _stepped(request, journey, lambda: journey.reopen(to=stage, because=because, by=request.user), said)
    return _stepped(request, journey, lambda: journey.move_to(stage, because=because, by=request.user), said)


@require_http_methods(["GET", "POST"])
def journey_recycling(request: UserRequest, pk: int) -> HttpResponse:
    journey = _journey(pk)
    if journey.stage.role == StageRole.LEAD and not journey.closed_at:
        messages.info(request, _("%(lead)s is in nurture already.") % {"lead": journey.lead})
        return redirect("lead", pk)
    form = RecycleForm(request.POST or None)
    if not form.is_valid():
        context = {"journey": journey, "form": form}
        return render(request, "funnel/journey_recycling.html", context, status=answered(form))
    given = form.cleaned_data
    return _stepped(
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
    journey = _journey(pk)
    form = DisqualifyForm(request.POST or None)
    if not form.is_valid():
        context = {"journey": journey, "form": form}
        return render(request, "funnel/journey_end.html", context, status=answered(form))
    given = form.cleaned_data
    return _stepped(
        request,
        journey,
        lambda: journey.disqualify(given["reason"], text=given["text"], by=request.user),
        _("%(lead)s is disqualified.") % {"lead": journey.lead},
    )


# Opportunities


@require_http_methods(["GET", "POST"])
def opportunity_new(request: UserRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead.objects.here(), pk=pk)
    form = OpportunityForm(request.POST or None, initial={"owner": request.user})
    if not form.is_valid():
        context = {"form": form, "lead": lead}
        return render(request, "funnel/opportunity_edit.html", context, status=answered(form))
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
    return render(request, "funnel/opportunity_edit.html", context, status=answered(form))


@require_http_methods(["GET", "POST"])
def opportunity_won(request: UserRequest, pk: int) -> HttpResponse:
    return _decided(request, pk, WonForm, "won")


@require_http_methods(["GET", "POST"])
def opportunity_lost(request: UserRequest, pk: int) -> HttpResponse:
    return _decided(request, pk, LostForm, "lost")


def _decided(request: UserRequest, pk: int, kind: type[WonForm] | type[LostForm], outcome: str) -> HttpResponse:
    found = get_object_or_404(Opportunity.objects.select_related("lead"), pk=pk)
    form = kind(request.POST or None)
    context = {"form": form, "opportunity": found, "lead": found.lead, "outcome": outcome}
    if not form.is_valid():
        return render(request, "funnel/opportunity_outcome.html", context, status=answered(form))
    decide = found.win if outcome == "won" else found.lose
    try:
        decide(reason=form.cleaned_data["reason"], text=form.cleaned_data["text"], by=request.user, at=form.at())
    except Opportunity.Decided:
        form.add_error(None, _("It was won or lost before."))
        return render(request, "funnel/opportunity_outcome.html", context, status=CONFLICT)
    messages.success(request, _("Won: congratulations.") if outcome == "won" else _("Lost, and written down why."))
    return redirect("lead", found.lead_id)


@require_http_methods(["GET", "POST"])
def opportunity_reopened(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Opportunity.objects.select_related("lead"), pk=pk)
    form = ReopenForm(request.POST or None)
    context = {"form": form, "opportunity": found, "lead": found.lead, "outcome": "reopened"}
    if not form.is_valid():
        return render(request, "funnel/opportunity_outcome.html", context, status=answered(form))
    try:
        found.reopen(because=form.cleaned_data["because"], by=request.user)
    except Opportunity.Decided:
        form.add_error(None, _("It is open already."))
        return render(request, "funnel/opportunity_outcome.html", context, status=CONFLICT)
    messages.success(request, _("The opportunity is open again."))
    return redirect("lead", found.lead_id)
