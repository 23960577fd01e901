"""What has changed under a proposal while it waits: said to who proposed it and who signs, and on its page."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override

from sla.agreement.missing import missing_terms
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Party
from sla.agreement.notices import OUTDATED, TO_SIGN
from sla.agreement.notifying import notice_subject, notify
from teams.models import Notice, User
from teams.people.standing_in import stand_in


def outdated(proposal: Agreement) -> list[str]:
    """What no longer holds since it was proposed, in the reader's language: it cannot be signed like this."""
    problems = missing_terms(proposal)
    for party in _unsigned(proposal):
        if party.signer is None or not party.signer.is_active:
            problems.append(_("%(team)s has no head who could sign for it.") % {"team": party.team})
    if proposal.score_model_replacement and not proposal.score_model_may_change:
        words = _("Score model %(model)s, which it names, was replaced by %(replacement)s.")
        problems.append(words % _score_models(proposal))
    return problems


def changed_since(proposal: Agreement) -> list[str]:
    """What has changed since it was proposed and does not stand in its way, in the reader's language."""
    changes = []
    if proposal.score_model_replacement and proposal.score_model_may_change:
        words = _("Score model %(replacement)s replaced %(model)s, which it names: it begins with %(replacement)s.")
        changes.append(words % _score_models(proposal))
    for party in _unsigned(proposal):
        if party.head and party.signer and party.signer != party.head:
            words = _("%(person)s no longer heads %(team)s: %(head)s signs for it.")
            changes.append(words % {"person": party.head, "team": party.team, "head": party.signer})
    return changes


def notify_outdated(*, at: datetime | None = None) -> None:
    """Tell who proposed the waiting agreement and who signs it of what has changed under it, and ask a new head to
    sign. Safe to run twice: each change is told once."""
    proposal = Agreement.objects.waiting().select_related("proposed_by", "created_by", "score_model").first()
    if proposal is None:
        return
    at = at or now()
    signers = [party.signer for party in _unsigned(proposal) if party.signer]
    _ask_to_sign(signers, proposal, at=at)
    with override("en"):
        changes = [*outdated(proposal), *changed_since(proposal)]
    if changes:
        concerned = {*signers, *_signed_by(proposal), proposal.proposed_by, proposal.created_by} - {None}
        digest = sha256("\n".join(changes).encode()).hexdigest()[:12]
        reached = {stand_in(person) for person in concerned} - {None}
        notify([person for person in reached if person], OUTDATED, proposal, at=at, change=digest)


def _ask_to_sign(signers: list[User], proposal: Agreement, *, at: datetime) -> None:
    """Ask who heads a party now, and no longer who headed it before."""
    notify(signers, TO_SIGN, proposal, at=at)
    asked = Notice.objects.unread().of(TO_SIGN).filter(about=notice_subject(proposal))
    asked.exclude(user__in=signers).update(read_at=at)


def _unsigned(proposal: Agreement) -> list[Party]:
    return list(proposal.parties.unsigned().select_related("team__head", "head"))


def _signed_by(proposal: Agreement) -> list[User]:
    return list(User.objects.filter(pk__in=proposal.parties.exclude(signature=None).values("signature__by")))


def _score_models(proposal: Agreement) -> dict[str, object]:
    return {"model": proposal.score_model, "replacement": proposal.score_model_replacement}
