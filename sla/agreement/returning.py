"""A proposal becomes a draft again: withdrawn by whoever proposed it, or sent back by a head with comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet, Subquery
from django.utils.timezone import now

from history.models import Change
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Comment, Signature
from sla.agreement.notices import TO_SIGN
from sla.agreement.notifying import notice_subject, notify_sent_back
from sla.agreement.outdated import outdated
from sla.agreement.proposing import HISTORY_SUBJECT
from sla.agreement.signing import unsigned_by
from sla.events import AGREEMENT_REOPENED
from teams.models import Notice, User


def withdraw(agreement: Agreement, *, by: User, proposal: str | None = None, at: datetime | None = None) -> None:
    """Make the proposal a draft again, as long as nobody signed it, or when a head who has not signed no longer can or
    something that it names has changed so that it cannot begin.

    Raises `Frozen`, and `ProposedAnew` where `proposal`, the one that was read, is another.
    """
    with transaction.atomic():
        locked = lock_proposal(agreement)
        locked.check_read(proposal)
        at = at or now()
        is_signed = Signature.objects.filter(party__agreement=locked).exists()
        if is_signed and not _has_lost_a_signer(locked) and not outdated(locked):
            raise Agreement.Frozen
        _void_signatures(locked, by=by, how="withdrawal", at=at)
        _unfreeze(locked, by=by, how="withdrawal", comment="", at=at)
    agreement.refresh_from_db()


def _has_lost_a_signer(proposal: Agreement) -> bool:
    """Whether somebody who has not signed has left, or no longer heads the team."""
    unsigned = proposal.parties.filter(signature=None)
    can_sign = unsigned.filter(head__is_active=True, team__head=F("head"))
    return unsigned.count() > can_sign.count()


@dataclass(frozen=True)
class Remark:
    """What a head wants changed at one line of the document: the line's key, its words then, and the request."""

    line: str
    words: str
    text: str


def send_back(
    agreement: Agreement,
    *,
    by: User,
    comment: str = "",
    remarks: Sequence[Remark] = (),
    proposal: str | None = None,
    at: datetime | None = None,
) -> None:
    """Refuse to sign: the proposal becomes a draft again, and all signatures are void.

    A head who has not signed names what should change: of the whole (`comment`), at single lines (`remarks`), or both.
    Raises `NotYours`, `Frozen`, and `ProposedAnew` where `proposal`, the one that was read, is another; `ValueError`
    without either.
    """
    if not comment.strip() and not remarks:
        raise ValueError("Whoever sends it back names what should change.")
    with transaction.atomic():
        locked = lock_proposal(agreement)
        if not unsigned_by(locked, by):
            raise Agreement.NotYours
        locked.check_read(proposal)
        at = at or now()
        _void_signatures(locked, by=by, how="sent back", at=at)
        _unfreeze(locked, by=by, how="sent back", comment=comment, at=at)
        requests = [Remark("", "", comment), *remarks] if comment.strip() else list(remarks)
        Comment.objects.bulk_create(
            Comment(agreement=locked, line=request.line, words=request.words, text=request.text, by=by, at=at)
            for request in requests
        )
        _notify_sent_back(locked, by=by, reason=requests[0].text, at=at)
    agreement.refresh_from_db()


def _notify_sent_back(proposal: Agreement, *, by: User, reason: str, at: datetime) -> None:
    """Notify the author, the proposer and the other heads, with the first request."""
    heads = [party.signer for party in proposal.parties.select_related("team__head", "head")]
    recipients = {person for person in (proposal.created_by, proposal.proposed_by, *heads) if person} - {by}
    notify_sent_back(list(recipients), proposal, by=by, reason=reason, at=at)


def open_comments(agreement: Agreement) -> QuerySet[Comment]:
    """The comments it was last sent back with, until it is proposed again."""
    if agreement.proposed_at is not None:
        return Comment.objects.none()
    proposals = Change.objects.of(HISTORY_SUBJECT, agreement.pk).filter(how="proposal").order_by("-at")
    return agreement.comments.filter(at__gte=Subquery(proposals.values("at")[:1])).select_related("by")


def _void_signatures(proposal: Agreement, *, by: User, how: str, at: datetime) -> None:
    """Delete the signatures: each is for the text that was read. Who had signed stays in the history."""
    signatures = Signature.objects.filter(party__agreement=proposal).select_related("party__team", "by")
    void = {f"signature of {signature.party.team.name}": (str(signature.by), None) for signature in signatures}
    if void:
        Change.objects.write(HISTORY_SUBJECT, proposal.pk, void, at=at, by=by, how=how)
        signatures.delete()


def lock_proposal(agreement: Agreement) -> Agreement:
    """Return the proposal under a row lock. Raises `Frozen` when it is a draft, or signed by all."""
    locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if locked.proposed_at is None or locked.in_force_from is not None:
        raise Agreement.Frozen
    return locked


def _unfreeze(locked: Agreement, *, by: User, how: str, comment: str, at: datetime) -> None:
    change = {"proposed_at": (locked.proposed_at, comment or None)}
    Change.objects.write(HISTORY_SUBJECT, locked.pk, change, at=at, by=by, how=how)
    AGREEMENT_REOPENED.emit({"agreement": locked.pk, "number": locked.number}, at=at)
    Notice.objects.unread().of(TO_SIGN).filter(about=notice_subject(locked)).update(read_at=at)
    Agreement.objects.filter(pk=locked.pk).update(proposed_at=None, proposed_by=None)
