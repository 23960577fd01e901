"""The heads sign; the last signature puts the agreement and everything it names into force.

It begins at the start of a company day. Definitions and score model are put in force by their own apps' verbs.
"""

from __future__ import annotations

from datetime import datetime, time

from django.db import transaction
from django.utils.timezone import now

from funnel.models import Definition
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Party, Signature
from sla.agreement.notices import IN_FORCE
from sla.agreement.notifying import notify
from sla.agreement.outdated import outdated
from sla.events import AGREEMENT_CONCLUDED, AGREEMENT_SIGNED
from smarketing.company import company_zone, day_around
from teams.models import User


def unsigned_by(agreement: Agreement, user: User) -> list[Party]:
    """The parties for which this person is still to sign: those that this person heads now."""
    return list(agreement.parties.unsigned().signed_for_by(user).select_related("team"))


def sign(
    agreement: Agreement, *, by: User, note: str = "", proposal: str | None = None, at: datetime | None = None
) -> bool:
    """Sign for every party that this person heads; return whether it was the last signature needed. `proposal` is the
    one that was read: no other is signed.

    The last signature puts the agreement in force from its start day. Raises `NotYours` for anyone else, also for who
    headed the party before, and for a second signature of the same head; `NotReady` where something that the proposal
    names has changed so that it cannot begin; `ProposedAnew`.
    """
    with transaction.atomic():
        locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
        parties = unsigned_by(locked, by) if locked.proposed_at and not locked.in_force_from else []
        if not parties:
            raise Agreement.NotYours
        locked.check_read(proposal)
        if problems := outdated(locked):
            raise Agreement.NotReady(problems)
        at = at or now()
        Signature.objects.bulk_create(Signature(party=party, by=by, at=at, note=note) for party in parties)
        teams = [party.team_id for party in parties]
        AGREEMENT_SIGNED.emit({"agreement": locked.pk, "number": locked.number, "by": by.pk, "parties": teams}, at=at)
        complete = not locked.parties.filter(signature=None).exists()
        if complete:
            _put_in_force(locked, at=at)
    agreement.refresh_from_db()
    return complete


def begins_at(agreement: Agreement, signed_at: datetime) -> datetime:
    """The start of the day that the draft asks for, or of the first company day after the last signature."""
    soonest = next_day_start(signed_at)
    if agreement.effective_on is None:
        return soonest
    return max(soonest, datetime.combine(agreement.effective_on, time(), company_zone()))


def next_day_start(at: datetime) -> datetime:
    """The first start of a company day at or after that moment."""
    today, tomorrow = day_around(at)
    return today if today >= at else tomorrow


def _put_in_force(locked: Agreement, *, at: datetime) -> None:
    """Put the agreement, its definitions and its score model into force at its start day, and end those replaced."""
    from_at = begins_at(locked, at)
    locked.put_in_force(from_at=from_at)
    definitions = locked.definitions()
    for definition in definitions:
        definition.put_in_force(from_at=from_at, qualifies_standing=locked.qualifies_standing)
    agreed_stages = [definition.stage_id for definition in definitions]
    Definition.objects.dated().exclude(stage__in=agreed_stages).end(at=from_at)
    # One that replaced the named one between agreements goes on.
    if locked.score_model and not locked.score_model_replacement:
        locked.score_model.put_in_force(from_at=from_at)
    AGREEMENT_CONCLUDED.emit({"agreement": locked.pk, "number": locked.number, "from": from_at}, at=at)
    signers = [party.signature.by for party in locked.parties.select_related("signature__by")]
    recipients = {person.pk: person for person in [*signers, locked.proposed_by, locked.created_by] if person}
    notify(list(recipients.values()), IN_FORCE, locked, at=at)
