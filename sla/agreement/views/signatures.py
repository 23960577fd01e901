"""Signing a proposal, sending it back, withdrawing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from sla.agreement import returning, signing
from sla.agreement.document import building
from sla.agreement.forms.signatures import RemarkFormSet, ReturnForm, SignatureForm
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Party
from sla.agreement.views.agreements import document_context
from smarketing.pages.answers import CONFLICT, UNPROCESSABLE
from smarketing.pages.navigation import may_open
from teams.http import UserRequest
from teams.sign_in.confirming import confirmed

PROPOSED_ANEW = gettext_lazy("It was proposed anew while you read it, and may say something else. Read it again.")


@require_POST
def agreement_withdrawal(request: UserRequest, number: int) -> HttpResponse:
    """Make a proposal a draft again."""
    proposal = get_object_or_404(Agreement, number=number)
    try:
        returning.withdraw(proposal, by=request.user, proposal=_read(request))
    except Agreement.ProposedAnew:
        messages.error(request, PROPOSED_ANEW)
        return redirect("agreement_version", number)
    except Agreement.Frozen:
        messages.error(request, _("Somebody has signed it already: it can only be sent back by a head."))
        return redirect("agreement_version", number)
    messages.success(request, _("The proposal is a draft again."))
    return redirect("agreement_draft" if may_open(request.user, "agreement_draft") else "agreement")


@require_http_methods(["GET", "POST"])
@confirmed
def agreement_signature(request: UserRequest, number: int) -> HttpResponse:
    """Read a proposal and sign it; 404 for anyone who is to sign nothing."""
    proposal = _get_own_proposal_or_404(request, number)
    if not signing.unsigned_by(proposal, request.user) or proposal.state != "proposed":
        messages.info(request, _("There is nothing for you to sign here."))
        return redirect("agreement_version", number)
    form = SignatureForm(request.POST or None)
    if not form.is_valid():
        return _signature_page(request, proposal, form, UNPROCESSABLE if form.errors else 200)
    try:
        note = form.cleaned_data["note"]
        complete = signing.sign(proposal, by=request.user, note=note, proposal=_read(request))
    except Agreement.NotReady:  # The page says what has changed.
        return _signature_page(request, proposal, form, CONFLICT)
    except Agreement.ProposedAnew:
        form.add_error(None, PROPOSED_ANEW)
        return _signature_page(request, _get_own_proposal_or_404(request, number), form, CONFLICT)
    except Agreement.NotYours:
        form.add_error(None, _("It was taken back, or you have signed it already. Look again."))
        return _signature_page(request, proposal, form, CONFLICT)
    proposal.refresh_from_db()
    if complete:
        messages.success(request, _("Signed by all. Version %(number)s holds from its day on.") % {"number": number})
    else:
        messages.success(request, _("Signed. It still waits for the others."))
    return redirect("agreement_version", number)


def _read(request: UserRequest) -> str:
    """The proposal that was on the page from which this was sent."""
    return request.POST.get("proposal", "")


def _get_own_proposal_or_404(request: UserRequest, number: int) -> Agreement:
    """An agreement for which this person signs, or signed."""
    parties = Party.objects.signed_for_by(request.user) | Party.objects.filter(signature__by=request.user)
    return get_object_or_404(Agreement, parties__in=parties, number=number)


def _signature_page(
    request: UserRequest,
    proposal: Agreement,
    form: SignatureForm,
    status: int,
    back: ReturnForm | None = None,
    remarks: Any = None,
) -> HttpResponse:
    context = document_context(request, proposal)
    context |= {
        "form": form,
        "back": back or ReturnForm(),
        "remarks": remarks or RemarkFormSet(prefix="remarks", form_kwargs={"parts": context["parts"]}),
        "nav_here": "agreement",
        "begins_at": signing.begins_at(proposal, now()),
        "compare_url": f"{reverse('agreement_comparison')}?b={proposal.number}",
    }
    return render(request, "sla/agreement/agreement_signature.html", context, status=status)


@require_POST
def agreement_return(request: UserRequest, number: int) -> HttpResponse:
    """Send a proposal back with comments: on the whole, on single lines, or both."""
    proposal = _get_own_proposal_or_404(request, number)
    back = ReturnForm(request.POST)
    read = _read(request)
    remarks = RemarkFormSet(request.POST, prefix="remarks", form_kwargs={"parts": building.parts(proposal)})
    are_valid = back.is_valid() & remarks.is_valid()
    requests = [form.remark for form in remarks if form.remark] if are_valid else []
    if are_valid and not requests and not back.cleaned_data["comment"]:
        back.add_error("comment", _("Say what should change: here, or at a line."))
    if not back.is_valid() or not are_valid:
        return _signature_page(request, proposal, SignatureForm(), UNPROCESSABLE, back, remarks)
    try:
        comment = back.cleaned_data["comment"]
        returning.send_back(proposal, by=request.user, comment=comment, remarks=requests, proposal=read)
    except Agreement.ProposedAnew:
        back.add_error("comment", PROPOSED_ANEW)
        proposal = _get_own_proposal_or_404(request, number)
        return _signature_page(request, proposal, SignatureForm(), CONFLICT, back, remarks)
    except (Agreement.NotYours, Agreement.Frozen):
        messages.error(request, _("It cannot be sent back any more."))
        return redirect("agreement_version", number)
    messages.success(request, _("Sent back. It is a draft again, with your comment."))
    return redirect("agreement_draft" if may_open(request.user, "agreement_draft") else "agreement")
