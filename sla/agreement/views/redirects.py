"""Redirects when the next version cannot be changed or proposed now."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from sla.agreement.models.agreements import Agreement
from teams.http import UserRequest


def redirect_to_proposal(request: UserRequest) -> HttpResponse:
    """To the proposal that waits for signatures: until they are given, no other version begins."""
    messages.error(request, _("A proposal waits for signatures. Sign it, or take it back, before the next one begins."))
    proposal = Agreement.objects.pending().first()
    return redirect("agreement_version", proposal.number) if proposal else redirect("agreement")


def redirect_to_draft(request: UserRequest, error: Agreement.NotReady) -> HttpResponse:
    """To the draft, with a message for everything that is missing."""
    for problem in error.missing:
        messages.error(request, problem)
    return redirect("agreement_draft")
