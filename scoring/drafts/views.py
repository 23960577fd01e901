"""Pages on which a score model is changed, and tried."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from scoring.drafts import previewing
from scoring.drafts.drafting import begin_draft, current_model, get_draft
from scoring.drafts.forms import DraftForms, FitRuleForm
from scoring.models import FitRule, Preview, PreviewedLead, Quadrant, ScoreModel
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from smarketing.requests.whole_numbers import parse_whole_number
from teams.http import UserRequest

CONFLICT, UNPROCESSABLE = 409, 422
NEWEST = Order("lead_id", key="lead_id", descending=True)


def draft_or_404() -> ScoreModel:
    draft = get_draft()
    if draft is None:
        raise Http404
    return draft


def published_meanwhile(request: UserRequest) -> HttpResponse:
    messages.warning(request, _("The draft was published or proposed a moment ago. Nothing was changed."))
    return redirect("scoring")


@require_POST
def score_draft_new(request: UserRequest) -> HttpResponse:
    begin_draft(by=request.user)
    return redirect("score_draft")


@require_POST
def score_draft_discard(request: UserRequest) -> HttpResponse:
    try:
        with transaction.atomic():
            draft_or_404().lock_draft().delete()
    except ScoreModel.Frozen:
        return published_meanwhile(request)
    messages.success(request, _("The draft is gone. What counts has not changed."))
    return redirect("scoring")


@require_http_methods(["GET", "POST"])
def score_draft(request: UserRequest) -> HttpResponse:
    """Points, caps, half-lives and thresholds, all on one page."""
    draft = get_draft()
    if draft is None:
        return redirect("scoring")
    forms = DraftForms.of(draft, request.POST if request.method == "POST" else None)
    if request.method == "POST" and forms.is_valid():
        try:
            forms.save()
        except ScoreModel.Frozen:
            return published_meanwhile(request)
        return saved(request, draft)
    context = {"draft": draft, "forms": forms, "model": current_model(), "nav_here": "scoring"}
    return render(request, "scoring/drafts/score_draft.html", context, status=UNPROCESSABLE if request.POST else 200)


def saved(request: UserRequest, draft: ScoreModel) -> HttpResponse:
    """What was computed for the draft before is no longer true."""
    Preview.objects.filter(model=draft).delete()
    if "preview" in request.POST:
        previewing.request_preview(draft)
        return redirect("score_preview")
    if "rule" in request.POST:
        rule = parse_whole_number(request.POST["rule"])
        return redirect("fit_rule_new") if rule is None else redirect("fit_rule", rule)
    messages.success(request, _("Saved. Nothing changes for leads until it is published."))
    return redirect("score_draft")


@require_http_methods(["GET", "POST"])
def fit_rule_new(request: UserRequest) -> HttpResponse:
    draft = draft_or_404()
    last = draft.fit_rules.aggregate(last=Max("position"))["last"]
    return _rule_saved(request, FitRule(model=draft, position=0 if last is None else last + 1))


@require_http_methods(["GET", "POST"])
def fit_rule(request: UserRequest, pk: int) -> HttpResponse:
    return _rule_saved(request, get_object_or_404(FitRule, pk=pk, model=draft_or_404()))


def _rule_saved(request: UserRequest, rule: FitRule) -> HttpResponse:
    form = FitRuleForm(request.POST or None, instance=rule)
    if form.is_valid():
        try:
            with transaction.atomic():
                rule.model.lock_draft()
                form.save()
                Preview.objects.filter(model=rule.model).delete()
        except ScoreModel.Frozen:
            return published_meanwhile(request)
        return redirect("score_draft")
    context = {"form": form, "rule": rule, "draft": rule.model, "nav_here": "scoring"}
    return render(request, "scoring/drafts/fit_rule.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
def fit_rule_delete(request: UserRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(FitRule, pk=pk, model=draft_or_404())
    try:
        with transaction.atomic():
            rule.model.lock_draft()
            rule.delete()
            Preview.objects.filter(model=rule.model).delete()
    except ScoreModel.Frozen:
        return published_meanwhile(request)
    messages.success(request, _("The rule is gone from the draft."))
    return redirect("score_draft")


# Trying


@require_http_methods(["GET", "POST"])
def score_preview(request: UserRequest) -> HttpResponse:
    """Which leads would change their quadrant."""
    draft = get_draft()
    if draft is None:
        return redirect("scoring")
    if request.method == "POST":
        previewing.request_preview(draft)
        return redirect("score_preview")
    preview = Preview.objects.filter(model=draft).first()
    context: dict[str, Any] = {"draft": draft, "model": current_model(), "preview": preview, "nav_here": "scoring"}
    if preview is not None and preview.finished_at:
        context |= changes(request, preview)
    if request.htmx and not request.htmx.boosted:
        return render(request, "scoring/drafts/score_preview.html#result", context)
    return render(request, "scoring/drafts/score_preview.html", context)


def changes(request: UserRequest, preview: Preview) -> dict[str, Any]:
    """The table of moves, and a page of the leads that make it."""
    before, after = (quadrant_or_none(request.GET.get(name)) for name in ("from", "to"))
    leads = PreviewedLead.objects.filter(preview=preview).select_related("lead__company")
    if before:
        leads = leads.filter(before=before)
    if after:
        leads = leads.filter(after=after)
    moves = [
        (old, [(new, preview.counts.get(old.value, {}).get(new.value, 0), new == old) for new in Quadrant])
        for old in Quadrant
    ]
    return {
        "page": list_page(request, leads, NEWEST),
        "moves": moves,
        "quadrants": list(Quadrant),
        "before": before,
        "after": after,
        "is_old": (now() - preview.at).days >= 1,
    }


def quadrant_or_none(quadrant: str | None) -> Quadrant | None:
    return Quadrant(quadrant) if quadrant in Quadrant.values else None
