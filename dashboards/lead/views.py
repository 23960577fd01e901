"""The page of one lead: attributes, score, stage, hand-offs and timeline; and what people do on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboards.lead import timeline
from dashboards.lead.changes import changes_of
from dashboards.lead.forms import ActivityForm, QuadrantForm, ReassignmentForm
from dashboards.lead.journey import stage_visits
from dashboards.lead.quadrant_plot import plot_quadrants
from funnel.models import Journey, Opportunity, Transition
from funnel.qualification.qualifying import may_qualify_from
from leads.activities.recording import record
from leads.models import Activity, CustomField, Lead
from scoring.explaining import explain
from scoring.models import Score
from sla.handoffs.models.handoffs import HandoffQuerySet
from sla.handoffs.touching import Clock
from sla.models import Calendar, Handoff
from sla.routing.offering import held_up
from sla.routing.readiness import in_words
from sla.routing.reassigning import offer_to
from smarketing.pages import wording
from smarketing.pages.navigation import may_open
from teams.http import UserRequest

COLLEAGUES = 8
LATEST_CHANGES = 8


def get_lead_or_404(pk: int) -> Lead:
    """The lead with everything that the head of its page shows."""
    leads = Lead.objects.select_related(
        "company", "owner__team", "campaign", "score__model", "score__override_by", "journey__stage",
        "persona_match__persona", "persona_match__machine", "persona_match__override_by", "merged_into",
    )  # fmt: skip
    return get_object_or_404(leads, pk=pk)


def get_unmerged_lead_or_404(pk: int) -> Lead:
    """The lead; 404 if it was merged into another, since it can no longer be changed."""
    return get_object_or_404(Lead.objects.unmerged().select_related("company", "journey__stage", "score"), pk=pk)


@require_GET
def lead(request: UserRequest, pk: int) -> HttpResponse:
    return render_lead(request, get_lead_or_404(pk))


def render_lead(request: UserRequest, lead: Lead, wrong: dict[str, BaseForm] | None = None) -> HttpResponse:
    """The page; an invalid form in `wrong` is shown open, with what was typed."""
    at = now()
    journey: Journey | None = getattr(lead, "journey", None)
    which = request.GET.get("which", "all")
    stretch = timeline.timeline_page(lead, which, request.GET.get("before", ""), at=at)
    if request.htmx and request.htmx.target == "timeline-more":
        return render(
            request, "dashboards/lead/_lead_timeline.html", {"lead": lead, "stretch": stretch, "which": which}
        )
    steps = steps_of(lead)
    score: Score | None = getattr(lead, "score", None)
    context = {
        "lead": lead,
        "score": score,
        "explanation": explain(lead, at) if lead.merged_into_id is None else None,
        "plot": plot_quadrants(score) if score else None,
        "journey": journey,
        "wakes_at": may_qualify_from(journey, at=at) if journey else None,
        "stages": stage_visits(journey, steps),
        "steps": steps,
        "stretch": stretch,
        "which": which,
        "whiches": [("all", _("All")), ("theirs", _("Theirs")), ("ours", _("Ours"))],
        "handoffs": handoffs_of(lead),
        "held_up": held_up_of(journey),
        "opportunities": opportunities_of(lead),
        "colleagues": colleagues_of(lead),
        "identities": lead.identities.all(),
        "merged": lead.merged.all(),
        "changes": changes_of("lead", lead.pk, limit=LATEST_CHANGES),
        "custom": custom_of(lead),
        "forms": forms_of(score) | (wrong or {}),
        "wrong": set(wrong or ()),
        "clock": None,
        "may_act": may_open(request.user, "lead_activity") and lead.merged_into is None,
    } | open_handoff(request, lead, at)
    return render(request, "dashboards/lead/lead.html", context, status=422 if wrong else 200)


def steps_of(lead: Lead) -> list[Transition]:
    steps = lead.transitions.select_related("from_stage", "to_stage", "by__team", "definition", "reason")
    return list(steps.order_by("at", "pk"))


def handoffs_of(lead: Lead) -> QuerySet[Handoff]:
    handoffs = Handoff.objects.filter(lead=lead).with_clock().select_related("rep__team", "reason", "hop")
    return handoffs.order_by("-offered_at", "-pk")


def held_up_of(journey: Journey | None) -> dict[str, str] | None:
    """Why a lead is not handed over: nobody can take it, or a required field is empty."""
    if journey is None or journey.closed_at:
        return None
    for held in held_up([journey.pk]):
        return {"team": str(held.hop.receiving_team), "lacks": in_words(held.lacks)}
    return None


def opportunities_of(lead: Lead) -> QuerySet[Opportunity]:
    return lead.opportunities.select_related("owner__team", "reason").order_by("-opened_at", "-pk")


def colleagues_of(lead: Lead) -> list[Lead]:
    """Other leads of its company, one more than the page shows."""
    if lead.company_id is None:
        return []
    last = Activity.objects.filter(lead=OuterRef("pk"), occurred_at__lte=now()).order_by("-occurred_at")
    others = Lead.objects.unmerged().filter(company=lead.company_id).exclude(pk=lead.pk)
    others = others.select_related("journey__stage", "score")
    return list(others.annotate(last_seen=Subquery(last.values("occurred_at")[:1])).order_by("-pk")[: COLLEAGUES + 1])


def custom_of(lead: Lead) -> list[tuple[CustomField, Any]]:
    fields = CustomField.objects.filter(subject=CustomField.Subject.LEAD)
    return [(field, lead.custom[field.key]) for field in fields if lead.custom.get(field.key) not in (None, "")]


def open_handoff(request: UserRequest, lead: Lead, at: Any) -> dict[str, Any]:
    """The hand-off that waits for an answer, with its clock."""
    handoff = waiting_for_an_answer(lead).with_clock().first()
    if handoff is None:
        return {"handoff": None}
    clock = Clock.of(handoff, Calendar.hours_of(handoff.rep, at=at), at=at)
    context = {"handoff": handoff, "clock": clock, "is_mine": handoff.rep_id == request.user.pk}
    if may_open(request.user, "lead_reassignment"):
        context["reassignment"] = ReassignmentForm(handoff=handoff, at=at)
    return context


def waiting_for_an_answer(lead: Lead) -> HandoffQuerySet:
    return Handoff.objects.open().filter(lead=lead).select_related("lead", "hop__receiving_team", "rep__team")


def forms_of(score: Score | None) -> dict[str, BaseForm]:
    local = localtime().replace(second=0, microsecond=0)
    return {
        "activity": ActivityForm(prefix="activity", initial={"kind": "call", "occurred_at": local}),
        "quadrant": QuadrantForm(prefix="quadrant", initial={"quadrant": score.quadrant if score else None}),
    }


def save_or_render(
    request: UserRequest, lead: Lead, name: str, form: BaseForm, verb: Callable[[], object]
) -> HttpResponse:
    """Call the verb and go back to the page, or show the page with the invalid form."""
    if not form.is_valid():
        return render_lead(request, get_lead_or_404(lead.pk), {name: form})
    verb()
    messages.success(request, _("Saved."))
    return redirect(reverse("lead", args=[lead.pk]))


@require_POST
def lead_activity(request: UserRequest, pk: int) -> HttpResponse:
    """Log a call or a meeting by hand."""
    lead, form = get_unmerged_lead_or_404(pk), ActivityForm(request.POST, prefix="activity")

    def log() -> None:
        cleaned = form.cleaned_data
        properties = {"by": wording.person_name(request.user)} | ({"note": cleaned["note"]} if cleaned["note"] else {})
        record(lead, cleaned["kind"].key, cleaned["occurred_at"], properties=properties)

    return save_or_render(request, lead, "activity", form, log)


@require_POST
def lead_quadrant(request: UserRequest, pk: int) -> HttpResponse:
    """Override the quadrant, or clear the override."""
    lead = get_unmerged_lead_or_404(pk)
    score = get_object_or_404(Score, pk=lead.pk)
    if "clear" in request.POST:
        score.clear_override(by=request.user)
        return redirect("lead", pk)
    form = QuadrantForm(request.POST, prefix="quadrant")
    return save_or_render(
        request,
        lead,
        "quadrant",
        form,
        lambda: score.override_quadrant(
            form.cleaned_data["quadrant"], reason=form.cleaned_data["reason"], by=request.user
        ),
    )


@require_POST
def lead_reassignment(request: UserRequest, pk: int) -> HttpResponse:
    """Offer an unanswered hand-off to another rep."""
    try:
        handoff = waiting_for_an_answer(get_unmerged_lead_or_404(pk)).get()
        form = ReassignmentForm(request.POST, handoff=handoff, at=now())
        if form.is_valid():
            again = offer_to(handoff, form.cleaned_data["rep"], by=request.user)
            messages.success(request, _("Offered to %(rep)s.") % {"rep": wording.person_name(again.rep)})
        else:
            messages.warning(request, _("Nobody was chosen who can take it. Nothing was changed."))
    except (Handoff.DoesNotExist, Handoff.Answered):
        messages.warning(request, _("This hand-off was answered or withdrawn a moment ago. Nothing was changed."))
    return redirect("lead", pk)


@require_GET
def lead_changes(request: UserRequest, pk: int) -> HttpResponse:
    """All changes of a lead's attributes."""
    lead = get_object_or_404(Lead, pk=pk)
    context = {"lead": lead, "changes": changes_of("lead", pk, limit=500)}
    return render(request, "dashboards/lead/lead_changes.html", context)
