"""The heads sign; the last signature puts the agreement and everything it names into force.

It begins at the start of a company day. Definitions and score model are put in force by their own apps' verbs.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.timezone import now

from funnel.models import Definition
from history import in_force
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.parties import Party, Signature
from sla.agreement.notices import IN_FORCE
from sla.agreement.notifying import notify
from sla.events import AGREEMENT_CONCLUDED, AGREEMENT_SIGNED
from smarketing.company import company_zone, start_of_day
from teams.models import User


def unsigned_by(agreement: Agreement, user: User) -> list[Party]:
    """The parties for which this person is still to sign."""
    return list(agreement.parties.filter(head=user, signature=None).select_related("team"))


def sign(agreement: Agreement, *, by: User, note: str = "", at: datetime | None = None) -> bool:
    """Sign for every party that this person heads; return whether it was the last signature needed.

    The last signature puts the agreement in force from its start day. Raises `NotYours` for anyone else, and for a
    second signature of the same head.
    """
    with transaction.atomic():
        locked = Agreement.objects.select_for_update().get(pk=agreement.pk)
        parties = unsigned_by(locked, by) if locked.proposed_at and not locked.in_force_from else []
        if not parties:
            raise Agreement.NotYours
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
    today = start_of_day(at)
    return today if today >= at else datetime.combine(today.date() + timedelta(days=1), time(), today.tzinfo)


def _put_in_force(locked: Agreement, *, at: datetime) -> None:
    """Put the agreement, its definitions and its score model into force at its start day, and end those replaced."""
    from_at = begins_at(locked, at)
    in_force.begin(locked, Agreement.objects.filter(in_force_from__isnull=False), from_at=from_at)
    definitions = locked.definitions()
    for definition in definitions:
        definition.put_in_force(from_at=from_at, qualifies_standing=locked.qualifies_standing)
    signed = Definition.objects.filter(in_force_from__isnull=False)
    in_force.end(signed.exclude(stage__in=[definition.stage_id for definition in definitions]), at=from_at)
    if locked.score_model:
        locked.score_model.put_in_force(from_at=from_at)
    AGREEMENT_CONCLUDED.emit({"agreement": locked.pk, "number": locked.number, "from": from_at}, at=at)
    heads = [party.head for party in locked.parties.select_related("head") if party.head]
    recipients = {person.pk: person for person in [*heads, locked.proposed_by, locked.created_by] if person}
    notify(list(recipients.values()), IN_FORCE, locked, at=at)
