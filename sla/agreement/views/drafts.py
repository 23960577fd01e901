"""The pages on which the next version is drafted and proposed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from sla.agreement import definition_drafts, drafting, proposing, returning
from sla.agreement.document import building
from sla.agreement.document.lines import Line, Part
from sla.agreement.forms.draft_page import DraftForms
from sla.agreement.missing import missing
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Comment
from sla.agreement.starter import first_agreement
from sla.agreement.states import pending_version, version_before, versions
from sla.agreement.views.redirects import redirect_to_draft, redirect_to_proposal
from smarketing.database.together import fetch_together
from smarketing.pages.answers import UNPROCESSABLE
from teams.http import UserRequest


@require_POST
def agreement_draft_new(request: UserRequest) -> HttpResponse:
    """Begin the next version: from the one signed last, the first one from the starter set."""
    try:
        if Agreement.objects.signed().exists():
            drafting.draft_next(by=request.user)
        else:
            first_agreement.draft_first_agreement(by=request.user)
    except Agreement.Frozen:
        return redirect_to_proposal(request)
    return redirect("agreement_draft")


@require_http_methods(["GET", "POST"])
def agreement_draft(request: UserRequest) -> HttpResponse:
    """Edit the draft, and propose it."""
    draft = pending_version()
    if draft is None:
        return redirect("agreement")
    if draft.proposed_at:
        return redirect_to_proposal(request)
    forms = DraftForms(request.POST or None, draft, then=request.POST.get("then", ""))
    if not (request.method == "POST" and forms.are_valid()):
        return _draft_page(request, draft, forms, 200 if request.method == "GET" else UNPROCESSABLE)
    try:
        forms.save()
    except Agreement.Frozen:
        return redirect_to_proposal(request)
    if forms.then == "propose":
        return _propose(request, draft)
    messages.success(request, _("Draft %(number)s is saved.") % {"number": draft.number})
    return redirect("agreement_draft")


def _draft_page(request: UserRequest, draft: Agreement, forms: DraftForms, status: int) -> HttpResponse:
    # As stored: an invalid form has changed its own instance.
    draft = next(version for version in versions() if version.pk == draft.pk)
    earlier = version_before(draft)
    decisions = draft.decisions.select_related("review", "by").order_by("review__due_on", "pk")
    comments, decided = fetch_together(returning.open_comments(draft), decisions)
    parts = building.parts(draft)
    context = {
        "form": forms.form,
        "hops": forms.hops,
        "policies": forms.policies,
        "clauses": forms.clauses,
        "usual": forms.usual,
        "agreement": draft,
        "missing": missing(draft),
        "changes": building.changes(earlier, draft, parts),
        "standing": definition_drafts.standing_leads_by_definition(draft),
        "comments": with_lines(comments, parts),
        "earlier": earlier,
        "decisions": decided,
        "has_personas": forms.form.has_personas,
        "nav_here": "agreement",
    }
    return render(request, "sla/agreement/agreement_draft.html", context, status=status)


def with_lines(comments: list[Comment], parts: list[Part]) -> list[tuple[Comment, Line | None]]:
    """Each comment with the line it is about, if the draft still has that line."""
    lines = {line.key: line for part in parts for line in part.lines}
    return [(comment, lines.get(comment.line)) for comment in comments]


def _propose(request: UserRequest, draft: Agreement) -> HttpResponse:
    try:
        proposing.propose(draft, by=request.user)
    except Agreement.NotReady as error:
        return redirect_to_draft(request, error)
    except Agreement.Frozen:
        return redirect_to_proposal(request)
    messages.success(
        request, _("Version %(number)s is proposed. The heads are asked to sign.") % {"number": draft.number}
    )
    return redirect("agreement_version", draft.number)


@require_POST
def agreement_discard(request: UserRequest) -> HttpResponse:
    draft = Agreement.objects.pending().first()
    try:
        if draft is not None:
            drafting.discard(draft)
            messages.success(request, _("The draft is thrown away. What it named stays."))
    except Agreement.Frozen:
        return redirect_to_proposal(request)
    return redirect("agreement")
