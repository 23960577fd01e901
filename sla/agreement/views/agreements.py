"""The agreement as a page: read, drafted, proposed, signed, compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.models import Persona
from scoring.models import ScoreModel
from sla.agreement import definition_drafts, drafting, proposing, returning, scoring, signing
from sla.agreement.document import building
from sla.agreement.document.comparing import compare
from sla.agreement.document.lines import Line, Part
from sla.agreement.forms.clauses import ClauseFormSet, UsualForm
from sla.agreement.forms.drafts import DraftForm, RemarkFormSet, ReturnForm, SignatureForm
from sla.agreement.forms.hops import HopFormSet
from sla.agreement.forms.policies import PolicyFormSet
from sla.agreement.missing import missing
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Comment, Party
from sla.agreement.starter import clauses, first_agreement
from smarketing.pages.navigation import may_open
from teams.http import UserRequest

CONFLICT, UNPROCESSABLE = 409, 422


def state_of(agreement: Agreement) -> str:
    """Where it is on its way: draft, proposed, coming, in_force, replaced or never."""
    at = now()
    if agreement.proposed_at is None:
        return "draft"
    if agreement.in_force_from is None:
        return "proposed"
    if agreement.replaced_at and agreement.replaced_at <= agreement.in_force_from:
        return "never"
    if agreement.replaced_at and agreement.replaced_at <= at:
        return "replaced"
    return "coming" if agreement.in_force_from > at else "in_force"


def versions() -> list[tuple[Agreement, str]]:
    """All of them with their states, the oldest first."""
    return [(each, state_of(each)) for each in Agreement.objects.order_by("number")]


def before(agreement: Agreement) -> Agreement | None:
    return Agreement.objects.filter(number__lt=agreement.number).order_by("-number").first()


def parties_of(agreement: Agreement) -> list[Party]:
    return list(agreement.parties.select_related("team", "head", "signature__by").order_by("pk"))


def read(request: UserRequest, agreement: Agreement) -> dict[str, Any]:
    """What every page that shows the document needs."""
    parts = building.parts(agreement)
    earlier = before(agreement)
    changed = building.changes(earlier, parts)
    return {
        "agreement": agreement,
        "state": state_of(agreement),
        "parts": parts,
        "parties": parties_of(agreement),
        "versions": versions(),
        "earlier": earlier,
        "changes": changed,
        "comments": returning.open_comments(agreement),
        "same": sum(len(part.lines) for part in parts) - sum(1 for each in changed if each.after),
        "standing": definition_drafts.standing_leads_by_definition(agreement)
        if agreement.in_force_from is None
        else [],
        "mine": signing.unsigned_by(agreement, request.user) if state_of(agreement) == "proposed" else [],
        "may_draft": may_open(request.user, "agreement_draft"),
    }


@require_GET
def agreement(request: UserRequest, number: int | None = None) -> HttpResponse:
    """One version as a document; without a number the one that holds, else the newest."""
    if number is not None:
        shown = get_object_or_404(Agreement, number=number)
    else:
        newest = Agreement.objects.signed().first() or Agreement.objects.pending().first()
        found = Agreement.objects.in_force().first() or newest
        if found is None:
            return render(
                request, "sla/agreement/agreement_empty.html", {"may_draft": may_open(request.user, "agreement_draft")}
            )
        shown = found
    context = read(request, shown)
    waiting = Agreement.objects.pending().first()
    if waiting is not None and waiting != shown:
        context |= {
            "waiting": waiting,
            "waiting_state": state_of(waiting),
            "waiting_parties": parties_of(waiting),
            "waiting_mine": signing.unsigned_by(waiting, request.user) if waiting.proposed_at else [],
            "waiting_changes": building.changes(before(waiting), waiting),
        }
    return render(request, "sla/agreement/agreement.html", context)


@require_GET
def agreement_history(request: UserRequest) -> HttpResponse:
    said = Comment.objects.select_related("by")
    rows = [
        (each, state, parties_of(each), [comment for comment in said if comment.agreement_id == each.pk])
        for each, state in reversed(versions())
    ]
    return render(request, "sla/agreement/agreement_history.html", {"rows": rows, "nav_here": "agreement"})


@require_GET
def agreement_comparison(request: UserRequest) -> HttpResponse:
    """Two versions beside each other, line by line."""
    every = [each for each, _state in versions()]
    if len(every) < 2:
        return redirect("agreement_history")
    newer = _chosen(every, request.GET.get("b")) or every[-1]
    older = _chosen(every, request.GET.get("a")) or before(newer) or every[0]
    compared = compare(building.parts(older), building.parts(newer))
    context = {
        "versions": every,
        "older": older,
        "newer": newer,
        "changed": [each for each in compared if each.kind != "same"],
        "same": [each for each in compared if each.kind == "same"],
        "nav_here": "agreement",
    }
    return render(request, "sla/agreement/agreement_comparison.html", context)


def _chosen(every: list[Agreement], number: str | None) -> Agreement | None:
    return next((each for each in every if str(each.number) == number), None)


# Drafting


@require_POST
def agreement_draft_new(request: UserRequest) -> HttpResponse:
    """Begin the next version, from the one signed last, or the first one from the starter set."""
    try:
        if Agreement.objects.signed().first() is None:
            first_agreement.draft_first_agreement(by=request.user)
        else:
            drafting.draft_next(by=request.user)
    except Agreement.Frozen:
        return _waits_for_signatures(request)
    return redirect("agreement_draft")


def _waits_for_signatures(request: UserRequest) -> HttpResponse:
    messages.error(request, _("A proposal waits for signatures. Sign it, or take it back, before the next one begins."))
    waiting = Agreement.objects.pending().first()
    return redirect("agreement_version", waiting.number) if waiting else redirect("agreement")


@require_http_methods(["GET", "POST"])
def agreement_draft(request: UserRequest) -> HttpResponse:
    """Edit the draft, and propose it."""
    draft = Agreement.objects.pending().first()
    if draft is None:
        return redirect("agreement")
    if draft.proposed_at:
        return _waits_for_signatures(request)
    forms = DraftForms(request.POST or None, draft, then=request.POST.get("then", ""))
    if not (request.method == "POST" and forms.are_valid()):
        return _draft_page(request, draft, forms, 200 if request.method == "GET" else UNPROCESSABLE)
    try:
        forms.save()
    except Agreement.Frozen:
        return _waits_for_signatures(request)
    if forms.then == "propose":
        return _propose(request, draft)
    messages.success(request, _("Draft %(number)s is saved.") % {"number": draft.number})
    return redirect("agreement_draft")


class DraftForms:
    """All that a draft is edited by, in one form of the page: saved together, or not at all."""

    def __init__(self, data: Any, draft: Agreement, *, then: str = "") -> None:
        self.draft, self.then = draft, then
        self.form = DraftForm(data, instance=draft)
        self.hops = HopFormSet(data, instance=draft, prefix="hops", queryset=draft.hops.select_related("from_stage"))
        policies = draft.policies.select_related("stage", "persona").prefetch_related("steps", "persona__versions")
        self.policies = PolicyFormSet(data, instance=draft, prefix="policies", queryset=policies)
        self.clauses = ClauseFormSet(
            data, instance=draft, prefix="clauses", queryset=draft.clauses.select_related("team")
        )
        # Three numbers, which count only when asked for.
        self.usual = UsualForm(data if self.starts else None, prefix="usual", initial=self._typed(data))

    def _typed(self, data: Any) -> dict[str, Any]:
        """What stands in the three numbers stays, also where another button is pressed."""
        names = {name: f"usual-{name}" for name in UsualForm.base_fields}
        return {name: data[key] for name, key in names.items() if data and key in data}

    @property
    def starts(self) -> bool:
        return self.then in ("usual", "full")

    @property
    def rows(self) -> tuple[Any, Any, Any]:
        return self.hops, self.policies, self.clauses

    def are_valid(self) -> bool:
        """Look at all of them, so that every fault is said at once."""
        asked = [self.form, *self.rows, *([self.usual] if self.starts else [])]
        return all([each.is_valid() for each in asked])

    @transaction.atomic
    def save(self) -> None:
        """Write everything. Raises `Frozen` when it was proposed meanwhile."""
        self.form.save()
        for rows in self.rows:
            rows.save()
        if self.starts and not self.draft.clauses.exists():
            add = clauses.add_all_clauses if self.then == "full" else clauses.add_usual_clauses
            add(self.draft, **self.usual.numbers())


def _draft_page(request: UserRequest, draft: Agreement, forms: DraftForms, status: int) -> HttpResponse:
    # As it is saved: a form that was refused has written what was typed into its own instance.
    draft = Agreement.objects.get(pk=draft.pk)
    earlier = before(draft)
    parts = building.parts(draft)
    context = {
        "form": forms.form,
        "hops": forms.hops,
        "policies": forms.policies,
        "clauses": forms.clauses,
        "usual": forms.usual,
        "agreement": draft,
        "missing": missing(draft),
        "changes": building.changes(earlier, parts),
        "standing": definition_drafts.standing_leads_by_definition(draft),
        "comments": located(returning.open_comments(draft), parts),
        "earlier": earlier,
        "decisions": draft.decisions.select_related("review", "by").order_by("review__due_on", "pk"),
        "has_personas": Persona.objects.exists(),
        "nav_here": "agreement",
    }
    return render(request, "sla/agreement/agreement_draft.html", context, status=status)


def located(comments: list[Comment], parts: list[Part]) -> list[tuple[Comment, Line | None]]:
    """Comments with the line that each is at, if that is still there."""
    lines = {line.key: line for part in parts for line in part.lines}
    return [(comment, lines.get(comment.line)) for comment in comments]


def _propose(request: UserRequest, draft: Agreement) -> HttpResponse:
    try:
        proposing.propose(draft, by=request.user)
    except Agreement.NotReady as lacking:
        for each in lacking.missing:
            messages.error(request, each)
        return redirect("agreement_draft")
    except Agreement.Frozen:
        return _waits_for_signatures(request)
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
        return _waits_for_signatures(request)
    return redirect("agreement")


@require_POST
def agreement_withdrawal(request: UserRequest, number: int) -> HttpResponse:
    """Take a proposal back into a draft."""
    return _taken_back(
        request,
        number,
        lambda proposal: returning.withdraw(proposal, by=request.user),
        _("The proposal is a draft again."),
    )


def _taken_back(request: UserRequest, number: int, verb: Callable[[Agreement], None], said: str) -> HttpResponse:
    proposal = get_object_or_404(Agreement, number=number)
    try:
        verb(proposal)
    except Agreement.Frozen:
        messages.error(request, _("Somebody has signed it already: it can only be sent back by a head."))
        return redirect("agreement_version", number)
    messages.success(request, said)
    return redirect("agreement_draft" if may_open(request.user, "agreement_draft") else "agreement")


# Signing


@require_http_methods(["GET", "POST"])
def agreement_signature(request: UserRequest, number: int) -> HttpResponse:
    """Read it, and give one's word. Somebody else's signature is not there."""
    proposal = get_object_or_404(Agreement.objects.filter(parties__head=request.user).distinct(), number=number)
    if not signing.unsigned_by(proposal, request.user) or state_of(proposal) != "proposed":
        messages.info(request, _("There is nothing for you to sign here."))
        return redirect("agreement_version", number)
    form = SignatureForm(request.POST or None)
    if not form.is_valid():
        return _signature_page(request, proposal, form, UNPROCESSABLE if form.errors else 200)
    try:
        complete = signing.sign(proposal, by=request.user, note=form.cleaned_data["note"])
    except Agreement.NotYours:
        form.add_error(None, _("It was taken back, or you have signed it already. Look again."))
        return _signature_page(request, proposal, form, CONFLICT)
    proposal.refresh_from_db()
    if complete:
        messages.success(request, _("Signed by all. Version %(number)s holds from its day on.") % {"number": number})
    else:
        messages.success(request, _("Signed. It still waits for the others."))
    return redirect("agreement_version", number)


def _signature_page(
    request: UserRequest,
    proposal: Agreement,
    form: SignatureForm,
    status: int,
    back: ReturnForm | None = None,
    remarks: Any = None,
) -> HttpResponse:
    context = read(request, proposal)
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
    """Send a proposal back with what should change: of the whole, and at single lines."""
    proposal = get_object_or_404(Agreement.objects.filter(parties__head=request.user).distinct(), number=number)
    back = ReturnForm(request.POST)
    remarks = RemarkFormSet(request.POST, prefix="remarks", form_kwargs={"parts": building.parts(proposal)})
    valid = back.is_valid() & remarks.is_valid()
    said = [form.remark for form in remarks if form.remark] if valid else []
    if valid and not said and not back.cleaned_data["comment"]:
        back.add_error("comment", _("Say what should change: here, or at a line."))
    if not back.is_valid() or not valid:
        return _signature_page(request, proposal, SignatureForm(), UNPROCESSABLE, back, remarks)
    try:
        returning.send_back(proposal, by=request.user, comment=back.cleaned_data["comment"], remarks=said)
    except (Agreement.NotYours, Agreement.Frozen):
        messages.error(request, _("It cannot be sent back any more."))
        return redirect("agreement_version", number)
    messages.success(request, _("Sent back. It is a draft again, with your comment."))
    return redirect("agreement_draft" if may_open(request.user, "agreement_draft") else "agreement")


# Score models


@require_POST
def score_model_publication(request: UserRequest, number: int) -> HttpResponse:
    """Publish a score model: from the next day on where the agreement allows it, else as part of the next draft."""
    model = get_object_or_404(ScoreModel, number=number, in_force_from=None)
    if scoring.may_replace_score_model():
        scoring.replace_score_model(model)
        messages.success(request, _("Score model %(model)s holds from tomorrow on.") % {"model": model})
        return redirect("scoring")
    try:
        drafting.adopt_score_model(drafting.draft_next(by=request.user), model)
    except Agreement.Frozen:
        return _waits_for_signatures(request)
    messages.info(request, _("The agreement wants signatures for a new score model: it is in the draft now."))
    return redirect("agreement_draft")
