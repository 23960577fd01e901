"""Pages to read the agreement: one version as a document, the history, two versions compared."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from sla.agreement import definition_drafts, returning, signing
from sla.agreement.document import building
from sla.agreement.document.comparing import compare
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Comment, Party
from sla.agreement.states import agreement_state, previous_version, versions_with_state
from smarketing.pages.navigation import may_open
from teams.http import UserRequest


def parties_of(agreement: Agreement) -> list[Party]:
    return list(agreement.parties.select_related("team", "head", "signature__by").order_by("pk"))


def document_context(request: UserRequest, agreement: Agreement) -> dict[str, Any]:
    """The template context of every page that shows the document."""
    parts = building.parts(agreement)
    earlier = previous_version(agreement)
    changed = building.changes(earlier, parts)
    is_pending = agreement.in_force_from is None
    state = agreement_state(agreement)
    return {
        "agreement": agreement,
        "state": state,
        "parts": parts,
        "parties": parties_of(agreement),
        "versions": versions_with_state(),
        "earlier": earlier,
        "changes": changed,
        "comments": returning.open_comments(agreement),
        "same": sum(len(part.lines) for part in parts) - sum(1 for line in changed if line.after),
        "standing": definition_drafts.standing_leads_by_definition(agreement) if is_pending else [],
        "mine": signing.unsigned_by(agreement, request.user) if state == "proposed" else [],
        "may_draft": may_open(request.user, "agreement_draft"),
    }


@require_GET
def agreement(request: UserRequest, number: int | None = None) -> HttpResponse:
    """One version as a document; without a number the one in force, else the newest signed, else the pending one."""
    versions = Agreement.objects
    if number is not None:
        version = get_object_or_404(Agreement, number=number)
    elif current := versions.in_force().first() or versions.signed().first() or versions.pending().first():
        version = current
    else:
        empty = {"may_draft": may_open(request.user, "agreement_draft")}
        return render(request, "sla/agreement/agreement_empty.html", empty)
    context = document_context(request, version)
    pending = versions.pending().first()
    if pending is not None and pending != version:
        context |= _pending_context(request, pending)
    return render(request, "sla/agreement/agreement.html", context)


def _pending_context(request: UserRequest, pending: Agreement) -> dict[str, Any]:
    """What a page about another version shows of the draft or proposal."""
    return {
        "waiting": pending,
        "waiting_state": agreement_state(pending),
        "waiting_parties": parties_of(pending),
        "waiting_mine": signing.unsigned_by(pending, request.user) if pending.proposed_at else [],
        "waiting_changes": building.changes(previous_version(pending), pending),
    }


@require_GET
def agreement_history(request: UserRequest) -> HttpResponse:
    """All versions, the newest first, each with its signatures and the comments it was sent back with."""
    comments = Comment.objects.select_related("by")
    rows = [
        (version, state, parties_of(version), [c for c in comments if c.agreement_id == version.pk])
        for version, state in reversed(versions_with_state())
    ]
    return render(request, "sla/agreement/agreement_history.html", {"rows": rows, "nav_here": "agreement"})


@require_GET
def agreement_comparison(request: UserRequest) -> HttpResponse:
    """Two versions beside each other, line by line."""
    versions = list(Agreement.objects.order_by("number"))
    if len(versions) < 2:
        return redirect("agreement_history")
    by_number = {str(version.number): version for version in versions}
    newer = by_number.get(request.GET.get("b", "")) or versions[-1]
    older = by_number.get(request.GET.get("a", "")) or previous_version(newer) or versions[0]
    lines = compare(building.parts(older), building.parts(newer))
    context = {
        "versions": versions,
        "older": older,
        "newer": newer,
        "changed": [line for line in lines if line.kind != "same"],
        "same": [line for line in lines if line.kind == "same"],
        "nav_here": "agreement",
    }
    return render(request, "sla/agreement/agreement_comparison.html", context)
