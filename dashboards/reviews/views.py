"""The list of reviews, the page of one, and what its participants write on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboards.numbers.behind_views import page_of_leads
from dashboards.numbers.opened import last_moments
from dashboards.reviews.forms import DecisionForm, NotesForm
from dashboards.reviews.numbers import keep
from dashboards.reviews.page import ReviewPage, review_state
from dashboards.reviews.yields import PARTS, transitions_behind
from funnel.models import Definition
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.models import Agreement, Clause, Decision, Review
from sla.reviews import reviewing
from smarketing.company import company_zone
from smarketing.database.together import fetch_together
from smarketing.pages.answers import CONFLICT, UNPROCESSABLE
from smarketing.pages.navigation import may_open
from teams.http import UserRequest
from teams.models import User

# How many coming reviews are shown; the others are folded.
SHOWN_COMING = 4


@require_GET
def reviews(request: UserRequest) -> HttpResponse:
    """All reviews: coming, the next first; missed; held, the latest first."""
    today = now().astimezone(company_zone()).date()
    by_state: dict[str, list[Review]] = {"coming": [], "missed": [], "held": []}
    rows = Review.objects.select_related("agreement", "held_by").annotate(decided=Count("decisions"))
    for review in rows.order_by("-due_on", "kind"):
        by_state[review_state(review, today)].append(review)
    coming = by_state.pop("coming")[::-1]
    context = {
        **by_state,
        "coming": coming[:SHOWN_COMING],
        "later": coming[SHOWN_COMING:],
        "has_agreement": Agreement.objects.in_force().exists(),
        "nav_here": "reviews",
    }
    return render(request, "dashboards/reviews/reviews.html", context)


@require_GET
def review(request: UserRequest, pk: int) -> HttpResponse:
    return _render_review(request, _get_review_or_404(pk))


@require_GET
def review_leads(request: UserRequest, pk: int, definition: int) -> HttpResponse:
    """The leads behind one count of a definition's yield."""
    page = ReviewPage(_get_review_or_404(pk), now())
    shown_definition = get_object_or_404(Definition.objects.select_related("stage"), pk=definition)
    part = request.GET.get("part", PARTS[0])
    if part not in PARTS:
        raise Http404
    transitions = transitions_behind(page.period, page.until, shown_definition, part, as_seen=page.as_seen)
    context = {
        "review": page.review,
        "period": page.period,
        "definition": shown_definition,
        "part": part_name(part),
        "page": page_of_leads(request, last_moments(transitions, "at")),
        "nav_here": "reviews",
    }
    return render(request, "dashboards/reviews/review_leads.html", context)


def part_name(part: str) -> str:
    return {
        "qualified": _("qualified"),
        "accepted": _("accepted"),
        "rejected": _("rejected"),
        "customers": _("customers so far"),
    }[part]


@require_POST
def review_decision_new(request: UserRequest, pk: int) -> HttpResponse:
    stored = _get_own_review_or_404(request.user, pk)
    form = DecisionForm(request.POST, review=stored)
    if not form.is_valid():
        return _render_review(request, stored, form=form, status=UNPROCESSABLE)
    try:
        stored.decide(form.cleaned_data["text"], clause=form.cleaned_data["clause"], by=request.user)
    except Review.Held:
        return _render_already_held(request, stored, form=form)
    messages.success(request, _("The decision is written down."))
    return redirect("review", pk)


@require_POST
def review_decision_delete(request: UserRequest, pk: int, decision: int) -> HttpResponse:
    stored = _get_own_review_or_404(request.user, pk)
    try:
        stored.remove_decision(get_object_or_404(stored.decisions, pk=decision))
    except Review.Held:
        return _render_already_held(request, stored)
    messages.success(request, _("The decision is struck out."))
    return redirect("review", pk)


@require_POST
def review_notes(request: UserRequest, pk: int) -> HttpResponse:
    stored = _get_own_review_or_404(request.user, pk)
    form = NotesForm(request.POST, instance=stored)
    if not form.is_valid():
        return _render_review(request, _get_review_or_404(pk), notes=form, status=UNPROCESSABLE)
    try:
        stored.write_notes(form.cleaned_data["notes"])
    except Review.Held:
        return _render_already_held(request, _get_review_or_404(pk), notes=form)
    messages.success(request, _("The notes are saved."))
    return redirect("review", pk)


@require_POST
def review_holding(request: UserRequest, pk: int) -> HttpResponse:
    """Mark a review as held; from then on it is not edited."""
    stored = _get_own_review_or_404(request.user, pk)
    at = now()
    if stored.held_at is None and not ReviewPage(stored, at).may_be_held:
        messages.error(request, _("The days that it looks back on are not over yet."))
        return redirect("review", pk)
    try:
        with transaction.atomic():
            stored.hold(by=request.user, at=at)
            keep(stored, at)
    except Review.Held:
        return _render_already_held(request, stored)
    messages.success(request, _("The review is held. What it decided stays."))
    return redirect("review", pk)


@require_POST
def review_draft(request: UserRequest, pk: int) -> HttpResponse:
    """Draft the next version of the agreement from the decisions."""
    stored = _get_review_or_404(pk)
    if not stored.decisions.filter(draft=None).exists():
        messages.info(request, _("Every decision of this review is in a draft already."))
        return redirect("review", pk)
    try:
        draft = reviewing.draft_from_review(stored, by=request.user)
    except Agreement.Frozen:
        messages.error(
            request, _("A proposal waits for signatures. Sign it, or take it back, before the next one begins.")
        )
        return redirect("review", pk)
    messages.success(
        request, _("Draft %(number)s takes the decisions up: they stand beside it.") % {"number": draft.number}
    )
    return redirect("agreement_draft")


def _get_review_or_404(pk: int) -> Review:
    return get_object_or_404(Review.objects.select_related("agreement", "held_by"), pk=pk)


def _get_own_review_or_404(user: User, pk: int) -> Review:
    """A review that this person may edit, else 404."""
    stored = _get_review_or_404(pk)
    if not may_edit(user, stored):
        raise Http404
    return stored


def may_edit(user: User, stored: Review) -> bool:
    return reviewing.people_who_prepare(stored).filter(pk=user.pk).exists()


def _render_already_held(request: UserRequest, stored: Review, **forms: Any) -> HttpResponse:
    messages.error(request, _("Somebody has marked it as held: what it decided stays."))
    return _render_review(request, _get_review_or_404(stored.pk), status=CONFLICT, **forms)


def _render_review(
    request: UserRequest,
    stored: Review,
    *,
    form: DecisionForm | None = None,
    notes: NotesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    decisions, clauses = fetch_together(
        stored.decisions.select_related("by", "draft"), stored.agreement.clauses.select_related("team", "owner")
    )
    subjects = describe_subjects(decisions)
    context = {
        "page": ReviewPage(stored, now()),
        "review": stored,
        "parts": [part_name(part) for part in PARTS],
        "decisions": [(decision, subjects.get(decision.pk, "")) for decision in decisions],
        "untaken": sum(1 for decision in decisions if decision.draft_id is None),
        "form": form or DecisionForm(review=stored, clauses=clauses),
        "notes": notes or NotesForm(instance=stored),
        "may_write": may_edit(request.user, stored),
        "may_draft": may_open(request.user, "review_draft"),
        "nav_here": "reviews",
    }
    return render(request, "dashboards/reviews/review.html", context, status=status)


def describe_subjects(decisions: list[Decision]) -> dict[int, str]:
    """The clause that each decision is about, in its newest wording, by the decision's id."""
    keys = {decision.clause for decision in decisions if decision.clause}
    clauses = Clause.objects.filter(key__in=keys).select_related("team", "owner").order_by("agreement__number")
    texts = {clause.key: f"{clause.team}: {as_text(describe_clause(clause))}" for clause in clauses}
    return {decision.pk: texts[decision.clause] for decision in decisions if decision.clause in texts}
