"""Reviews: what comes up, what was held, and one of them with everything to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, DateTimeField, OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboards.numbers.behind_views import LATEST
from dashboards.reviews.forms import DecisionForm, NotesForm
from dashboards.reviews.page import PARTS, ReviewPage, state_of, steps_of
from funnel.models import Definition
from leads.models import Lead
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.models import Agreement, Clause, Decision, Review
from sla.reviews import reviewing
from smarketing.company import company_zone
from smarketing.pages.navigation import may_open
from smarketing.pages.paging import list_page
from teams.http import UserRequest
from teams.models import User

CONFLICT, UNPROCESSABLE = 409, 422
# So many of those to come are shown at once; the others unfold.
COMING = 4


@require_GET
def reviews(request: UserRequest) -> HttpResponse:
    """Those to come, the next first, those missed, and those held, the latest first."""
    today = now().astimezone(company_zone()).date()
    found: dict[str, list[Review]] = {"coming": [], "missed": [], "held": []}
    rows = Review.objects.select_related("agreement", "held_by").annotate(decided=Count("decisions"))
    for review in rows.order_by("-due_on", "kind"):
        found[state_of(review, today)].append(review)
    coming = found.pop("coming")[::-1]
    context = {
        **found,
        "coming": coming[:COMING],
        "later": coming[COMING:],
        "has_agreement": Agreement.objects.in_force().exists(),
        "nav_here": "reviews",
    }
    return render(request, "dashboards/reviews/reviews.html", context)


@require_GET
def review(request: UserRequest, pk: int) -> HttpResponse:
    return _page(request, _known(pk))


@require_GET
def review_leads(request: UserRequest, pk: int, definition: int) -> HttpResponse:
    """The leads behind one number of a definition's yield."""
    page = ReviewPage(_known(pk), now())
    wording = get_object_or_404(Definition.objects.select_related("stage"), pk=definition)
    part = request.GET.get("part", PARTS[0])
    if part not in PARTS:
        raise Http404
    steps = steps_of(page.period, page.until, wording, part)
    entered = steps.filter(lead=OuterRef("pk")).order_by("-at").values("at")[:1]
    leads = Lead.objects.filter(pk__in=steps.values("lead")).annotate(
        moment=Subquery(entered, output_field=DateTimeField())
    )
    context = {
        "review": page.review,
        "period": page.period,
        "definition": wording,
        "part": part_name(part),
        "page": list_page(request, leads.select_related("company", "journey__stage"), LATEST),
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
    stored = _mine(request.user, pk)
    form = DecisionForm(request.POST, review=stored)
    if not form.is_valid():
        return _page(request, stored, form=form, status=UNPROCESSABLE)
    try:
        stored.decide(form.cleaned_data["text"], clause=form.cleaned_data["clause"], by=request.user)
    except Review.Held:
        return _too_late(request, stored, form=form)
    messages.success(request, _("The decision is written down."))
    return redirect("review", pk)


@require_POST
def review_decision_delete(request: UserRequest, pk: int, decision: int) -> HttpResponse:
    stored = _mine(request.user, pk)
    try:
        stored.take_back(get_object_or_404(stored.decisions, pk=decision))
    except Review.Held:
        return _too_late(request, stored)
    messages.success(request, _("The decision is struck out."))
    return redirect("review", pk)


@require_POST
def review_notes(request: UserRequest, pk: int) -> HttpResponse:
    stored = _mine(request.user, pk)
    form = NotesForm(request.POST, instance=stored)
    if not form.is_valid():
        return _page(request, _known(pk), notes=form, status=UNPROCESSABLE)
    try:
        stored.note(form.cleaned_data["notes"])
    except Review.Held:
        return _too_late(request, _known(pk), notes=form)
    messages.success(request, _("The notes are saved."))
    return redirect("review", pk)


@require_POST
def review_holding(request: UserRequest, pk: int) -> HttpResponse:
    """It took place: from now on it stays as it is."""
    stored = _mine(request.user, pk)
    at = now()
    if stored.held_at is None and not ReviewPage(stored, at).may_be_held:
        messages.error(request, _("The days that it looks back on are not over yet."))
        return redirect("review", pk)
    try:
        stored.hold(by=request.user, at=at)
    except Review.Held:
        return _too_late(request, stored)
    messages.success(request, _("The review is held. What it decided stays."))
    return redirect("review", pk)


@require_POST
def review_draft(request: UserRequest, pk: int) -> HttpResponse:
    """Begin the next version of the agreement from what was decided."""
    stored = _known(pk)
    if not stored.decisions.filter(draft=None).exists():
        messages.info(request, _("Every decision of this review is in a draft already."))
        return redirect("review", pk)
    try:
        draft = reviewing.draft_from(stored, by=request.user)
    except Agreement.Frozen:
        messages.error(
            request, _("A proposal waits for signatures. Sign it, or take it back, before the next one begins.")
        )
        return redirect("review", pk)
    messages.success(
        request, _("Draft %(number)s takes the decisions up: they stand beside it.") % {"number": draft.number}
    )
    return redirect("agreement_draft")


def _known(pk: int) -> Review:
    return get_object_or_404(Review.objects.select_related("agreement", "held_by"), pk=pk)


def _mine(user: User, pk: int) -> Review:
    """A review that this person prepares; to write in any other is not possible."""
    stored = _known(pk)
    if not may_write(user, stored):
        raise Http404
    return stored


def may_write(user: User, stored: Review) -> bool:
    return reviewing.told_of(stored).filter(pk=user.pk).exists()


def _too_late(request: UserRequest, stored: Review, **forms: Any) -> HttpResponse:
    messages.error(request, _("Somebody has marked it as held: what it decided stays."))
    return _page(request, _known(stored.pk), status=CONFLICT, **forms)


def _page(
    request: UserRequest,
    stored: Review,
    *,
    form: DecisionForm | None = None,
    notes: NotesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    decisions = list(stored.decisions.select_related("by", "draft"))
    said = about(decisions)
    context = {
        "page": ReviewPage(stored, now()),
        "review": stored,
        "parts": [part_name(part) for part in PARTS],
        "decisions": [(each, said.get(each.pk, "")) for each in decisions],
        "untaken": sum(1 for each in decisions if each.draft_id is None),
        "form": form or DecisionForm(review=stored),
        "notes": notes or NotesForm(instance=stored),
        "may_write": may_write(request.user, stored),
        "may_draft": may_open(request.user, "review_draft"),
        "nav_here": "reviews",
    }
    return render(request, "dashboards/reviews/review.html", context, status=status)


def about(decisions: list[Decision]) -> dict[int, str]:
    """What each decision is about, by its id, in the newest words of its promise."""
    keys = {each.clause for each in decisions if each.clause}
    clauses = Clause.objects.filter(key__in=keys).select_related("team", "owner").order_by("agreement__number")
    said = {each.key: f"{each.team}: {as_text(describe_clause(each))}" for each in clauses}
    return {each.pk: said[each.clause] for each in decisions if each.clause in said}
