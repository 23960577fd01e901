"""The page of one lead: attributes, score, stage, hand-offs and timeline; and what people do on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
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
from dashboards.lead.changes import asked_changes, changes_of
from dashboards.lead.forms import ActivityForm, QuadrantForm, ReassignmentForm
from dashboards.lead.journey import stage_visits
from dashboards.lead.quadrant_plot import plot_quadrants
from funnel.models import Journey, Opportunity, Transition
from funnel.qualification.qualifying import may_qualify_from, waits_for_news
from leads.activities.recording import record
from leads.models import Activity, CustomField, Lead
from scoring.explaining import explain
from scoring.models import Score
from sla.handoffs.models.handoffs import HandoffQuerySet
from sla.handoffs.worklist import Countdown, being_worked, nobodys_work
from sla.inbox.queries import thread_of
from sla.models import Calendar, Handoff, Timer, Touch
from sla.routing.offering import unoffered_leads
from sla.routing.readiness import format_fields
from sla.routing.reassigning import give, reassign_to
from smarketing.database.together import Asked
from smarketing.pages import wording
from smarketing.pages.navigation import may_open
from teams.http import UserRequest
from teams.models import User
from teams.records import changing, get_editable

COLLEAGUES = 8
LATEST_CHANGES = 8


def get_lead_or_404(request: UserRequest, pk: int) -> Lead:
    """The lead with everything that the head of its page shows."""
    leads = Lead.objects.with_rights_of(request.user).select_related(
        "company", "owner__team", "campaign", "score__model", "score__override_by", "journey__stage",
        "persona_match__persona", "persona_match__machine", "persona_match__override_by", "merged_into",
    )  # fmt: skip
    return get_object_or_404(leads, pk=pk)


def get_editable_lead(request: UserRequest, pk: int) -> Lead:
    """The lead, to be changed; 404 if it was merged into another, since it no longer can be."""
    leads = Lead.objects.unmerged().select_related("company", "journey__stage", "score")
    return get_editable(leads, request.user, pk=pk)


@require_GET
def lead(request: UserRequest, pk: int) -> HttpResponse:
    return render_lead(request, get_lead_or_404(request, pk))


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
    lists = [
        steps_of(lead),
        handoffs_of(lead),
        opportunities_of(lead),
        colleagues_of(lead),
        lead.identities.all(),
        lead.merged.all(),
        waiting_for_an_answer(lead).with_clock()[:1],
        accepted_by_who_left(lead)[:1] if may_open(request.user, "lead_reassignment") else Handoff.objects.none(),
    ]
    changes, *found = Asked.all_of(
        [asked_changes("lead", lead.pk, limit=LATEST_CHANGES), *(Asked((rows,), list) for rows in lists)]
    ).fetch()
    steps, handoffs, opportunities, others, identities, merged, waiting, nobodys = found
    score: Score | None = getattr(lead, "score", None)
    context = {
        "lead": lead,
        "score": score,
        "explanation": explain(lead, at) if lead.merged_into_id is None else None,
        "plot": plot_quadrants(score) if score else None,
        "journey": journey,
        "wakes_at": may_qualify_from(journey, at=at) if journey else None,
        "waits_for_news": journey is not None and waits_for_news(journey, at=at),
        "stages": stage_visits(journey, steps),
        "steps": steps,
        "stretch": stretch,
        "which": which,
        "whiches": [("all", _("All")), ("theirs", _("Theirs")), ("ours", _("Ours"))],
        "handoffs": handoffs,
        "unoffered": why_unoffered(journey),
        "opportunities": opportunities,
        "colleagues": others,
        "identities": identities,
        "merged": merged,
        "changes": changes,
        "custom": custom_of(lead),
        "forms": forms_of(score) | (wrong or {}),
        "wrong": set(wrong or ()),
        "countdown": None,
        "may_act": lead.merged_into is None and lead.is_editable,
        "may_take": lead.merged_into is None and lead.is_takeable,
    } | open_handoff(request, waiting, nobodys, at)
    return render(request, "dashboards/lead/lead.html", context, status=422 if wrong else 200)


def steps_of(lead: Lead) -> QuerySet[Transition]:
    steps = lead.transitions.select_related("from_stage", "to_stage", "by__team", "definition", "reason")
    return steps.order_by("at", "pk")


def handoffs_of(lead: Lead) -> QuerySet[Handoff]:
    handoffs = Handoff.objects.filter(lead=lead).with_clock().select_related("rep__team", "reason", "hop")
    return handoffs.order_by("-offered_at", "-pk")


def why_unoffered(journey: Journey | None) -> dict[str, str] | None:
    """Why a lead is not handed over: nobody can take it, or a required field is empty."""
    if journey is None or journey.closed_at:
        return None
    for waiting in unoffered_leads([journey.pk], stage=journey.stage_id):
        fields = format_fields(waiting.missing_fields)
        return {"team": str(waiting.hop.receiving_team), "missing_fields": fields}
    return None


def opportunities_of(lead: Lead) -> QuerySet[Opportunity]:
    return lead.opportunities.select_related("owner__team", "reason").order_by("-opened_at", "-pk")


def colleagues_of(lead: Lead) -> QuerySet[Lead]:
    """Other leads of its company, one more than the page shows."""
    if lead.company_id is None:
        return Lead.objects.none()
    last = Activity.objects.filter(lead=OuterRef("pk"), occurred_at__lte=now()).order_by("-occurred_at")
    others = Lead.objects.unmerged().filter(company=lead.company_id).exclude(pk=lead.pk)
    others = others.select_related("journey__stage", "score")
    return others.annotate(last_seen=Subquery(last.values("occurred_at")[:1])).order_by("-pk")[: COLLEAGUES + 1]


def custom_of(lead: Lead) -> list[tuple[CustomField, Any]]:
    fields = [each for each in CustomField.objects.known() if each.subject == CustomField.Subject.LEAD]
    return [(field, lead.custom[field.key]) for field in fields if lead.custom.get(field.key) not in (None, "")]


def open_handoff(request: UserRequest, waiting: list[Handoff], nobodys: list[Handoff], at: datetime) -> dict[str, Any]:
    """The hand-off that waits for an answer, with its countdown; else the accepted one whose rep left, to be given to
    somebody."""
    if not waiting:
        given = [{"nobodys": each, "reassignment": ReassignmentForm(handoff=each, at=at)} for each in nobodys]
        return {"handoff": None} | next(iter(given), {})
    handoff = waiting[0]
    countdown = Countdown.of(handoff, Calendar.hours_for(handoff.rep, at=at), at=at)
    thread = [each for each in thread_of(handoff) if each.pk != handoff.pk]
    is_mine = handoff.rep_id == request.user.pk
    context = {"handoff": handoff, "countdown": countdown, "is_mine": is_mine, "thread": thread}
    if may_open(request.user, "lead_reassignment"):
        context["reassignment"] = ReassignmentForm(handoff=handoff, at=at)
    return context


def accepted_by_who_left(lead: Lead) -> QuerySet[Handoff]:
    return nobodys_work(Handoff.objects.filter(lead=lead)).select_related("lead", "hop__receiving_team", "rep__team")


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
        return render_lead(request, get_lead_or_404(request, lead.pk), {name: form})
    with changing(request.user, lead):
        verb()
    messages.success(request, _("Saved."))
    return redirect(reverse("lead", args=[lead.pk]))


@require_POST
def lead_activity(request: UserRequest, pk: int) -> HttpResponse:
    """Log by hand what was done; of one's own accepted hand-off it is a touch."""
    lead, form = get_editable_lead(request, pk), ActivityForm(request.POST, prefix="activity")

    def log() -> None:
        cleaned = form.cleaned_data
        if touch_own(request.user, lead, cleaned["kind"].key, cleaned["occurred_at"], cleaned["note"]):
            return
        properties = {"by": wording.person_name(request.user)} | ({"note": cleaned["note"]} if cleaned["note"] else {})
        record(lead, cleaned["kind"].key, cleaned["occurred_at"], properties=properties)

    return save_or_render(request, lead, "activity", form, log)


def touch_own(user: User, lead: Lead, kind: str, done_at: datetime, note: str) -> bool:
    """Log it as a touch where it is one: a call, a meeting, a mail or a message of the rep who works the lead, or whose
    first touch is still awaited where it has moved on."""
    mine = Handoff.objects.for_rep(user).filter(lead=lead)
    awaited = mine.filter(timers__kind=Timer.Kind.FIRST_TOUCH, timers__stopped_at=None)
    handoff = being_worked(mine).first() or awaited.order_by("-pk").first()
    if handoff is None or kind not in Touch.Kind.values:
        return False
    try:
        touch = handoff.touch(kind, by=user, contact=kind in Touch.SPOKEN, note=note, done_at=done_at)
    except Handoff.Over:
        return False  # given up or moved on a moment ago
    # What is no activity of the lead by itself was typed as one all the same.
    return touch.is_an_activity


@require_POST
def lead_quadrant(request: UserRequest, pk: int) -> HttpResponse:
    """Override the quadrant, or clear the override."""
    lead = get_editable_lead(request, pk)
    score = get_object_or_404(Score, pk=lead.pk)
    form = QuadrantForm(request.POST, prefix="quadrant")
    try:
        if "clear" in request.POST:
            with changing(request.user, lead):
                score.clear_override(by=request.user)
            return redirect("lead", pk)
        return save_or_render(
            request,
            lead,
            "quadrant",
            form,
            lambda: score.override_quadrant(
                form.cleaned_data["quadrant"], reason=form.cleaned_data["reason"], by=request.user
            ),
        )
    except Score.DoesNotExist:
        messages.warning(request, _("This lead was merged into another a moment ago. Nothing was changed."))
        return redirect("lead", pk)


@require_POST
def lead_reassignment(request: UserRequest, pk: int) -> HttpResponse:
    """Offer an unanswered hand-off to another rep, or give them what a rep accepted who left."""
    lead = get_editable_lead(request, pk)
    try:
        nobodys = accepted_by_who_left(lead).first()
        handoff = nobodys or waiting_for_an_answer(lead).get()
        form = ReassignmentForm(request.POST, handoff=handoff, at=now())
        if form.is_valid() and nobodys:
            again = give(nobodys, form.cleaned_data["rep"], by=request.user)
            messages.success(request, _("Given to %(rep)s.") % {"rep": wording.person_name(again.rep)})
        elif form.is_valid():
            again = reassign_to(handoff, form.cleaned_data["rep"], by=request.user)
            messages.success(request, _("Offered to %(rep)s.") % {"rep": wording.person_name(again.rep)})
        else:
            messages.warning(request, _("Nobody was chosen who can take it. Nothing was changed."))
    except (Handoff.DoesNotExist, Handoff.Answered, Handoff.Over, Journey.Moved):
        messages.warning(request, _("This hand-off was answered or withdrawn a moment ago. Nothing was changed."))
    return redirect("lead", pk)


@require_GET
def lead_changes(request: UserRequest, pk: int) -> HttpResponse:
    """All changes of a lead's attributes."""
    lead = get_object_or_404(Lead, pk=pk)
    context = {"lead": lead, "changes": changes_of("lead", pk, limit=500)}
    return render(request, "dashboards/lead/lead_changes.html", context)
