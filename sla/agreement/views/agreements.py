"""Pages to read the agreement: one version as a document, the history, two versions compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sla.agreement import definition_drafts, outdated, returning, signing
from sla.agreement.document import building
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Comment, Party
from sla.agreement.states import version_before, versions, versions_with_state
from sla.agreement.terms import Terms
from smarketing.database.together import fetch_together
from smarketing.pages.navigation import may_open
from teams.http import UserRequest


def document_context(request: UserRequest, agreement: Agreement) -> dict[str, Any]:
    """The template context of every page that shows the document."""
    parts = building.parts(agreement)
    earlier = version_before(agreement)
    changed = building.changes(earlier, agreement, parts)
    is_pending = agreement.in_force_from is None
    state = agreement.state
    return {
        "agreement": agreement,
        "state": state,
        "parts": parts,
        "parties": Terms.of(agreement).parties,
        "versions": versions_with_state(),
        "earlier": earlier,
        "changes": changed,
        "comments": returning.open_comments(agreement),
        "same": sum(len(part.lines) for part in parts) - sum(1 for line in changed if line.after and line.after.number),
        "standing": definition_drafts.standing_leads_by_definition(agreement) if is_pending else [],
        "mine": signing.unsigned_by(agreement, request.user) if state == "proposed" else [],
        "outdated": outdated.outdated(agreement) if state == "proposed" else [],
        "changed_since": outdated.changed_since(agreement) if state == "proposed" else [],
        "may_draft": may_open(request.user, "agreement_draft"),
    }


@require_GET
def agreement(request: UserRequest, number: int | None = None) -> HttpResponse:
    """One version as a document; without a number the one in force, else the newest signed, else the pending one."""
    newest_first = versions()[::-1]
    pending = next((each for each in newest_first if each.in_force_from is None), None)
    if number is not None:
        version = next((each for each in newest_first if each.number == number), None)
        if version is None:
            raise Http404
    else:
        signed = [each for each in newest_first if each.in_force_from is not None]
        in_force = (each for each in signed if each.holds(now()))
        version = next(in_force, None) or next(iter(signed), None) or pending
    if version is None:
        empty = {"may_draft": may_open(request.user, "agreement_draft")}
        return render(request, "sla/agreement/agreement_empty.html", empty)
    context = document_context(request, version)
    if pending is not None and pending != version:
        context |= _pending_context(request, pending)
    return render(request, "sla/agreement/agreement.html", context)


def _pending_context(request: UserRequest, pending: Agreement) -> dict[str, Any]:
    """What a page about another version shows of the draft or proposal."""
    return {
        "waiting": pending,
        "waiting_state": pending.state,
        "waiting_parties": Terms.of(pending).parties,
        "waiting_mine": signing.unsigned_by(pending, request.user) if pending.proposed_at else [],
        "waiting_changes": building.changes(version_before(pending), pending),
    }


@require_GET
def agreement_history(request: UserRequest) -> HttpResponse:
    """All versions, the newest first, each with its signatures and the comments it was sent back with."""
    parties, comments = fetch_together(
        Party.objects.select_related("team__head", "head", "signature__by").order_by("pk"),
        Comment.objects.select_related("by"),
    )
    rows = [
        (version, state, _of(version, parties), _of(version, comments))
        for version, state in reversed(versions_with_state())
    ]
    return render(request, "sla/agreement/agreement_history.html", {"rows": rows, "nav_here": "agreement"})


def _of(version: Agreement, rows: Sequence[Any]) -> list[Any]:
    return [row for row in rows if row.agreement_id == version.pk]


@require_GET
def agreement_comparison(request: UserRequest) -> HttpResponse:
    """Two versions beside each other, line by line."""
    every = versions()
    if len(every) < 2:
        return redirect("agreement_history")
    by_number = {str(version.number): version for version in every}
    newer = by_number.get(request.GET.get("b", "")) or every[-1]
    older = by_number.get(request.GET.get("a", "")) or version_before(newer) or every[0]
    lines = building.compare_versions(older, newer)
    context = {
        "versions": every,
        "older": older,
        "newer": newer,
        "changed": [line for line in lines if line.kind != "same"],
        "same": [line for line in lines if line.kind == "same"],
        "nav_here": "agreement",
    }
    return render(request, "sla/agreement/agreement_comparison.html", context)
