"""A deal that a program tells: the same deal told twice is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from funnel.models.journeys import Journey
from funnel.models.opportunities import Opportunity
from leads.models import Lead
from leads.registering.taking import claim
from smarketing.company import bounds_of, day_of, day_starting_at
from smarketing.currencies import is_too_fine
from smarketing.database.locks import acquire_named
from teams.models import Organization, User
from teams.records import lock_editable


class OfAnotherLead(Exception):
    """The external id is that of a deal with somebody else."""

    def __init__(self, deal: Opportunity) -> None:
        super().__init__(deal)
        self.deal = deal


class TooFine(Exception):
    """The amount would have more decimals than its currency."""

    def __init__(self, amount: Decimal, currency: str) -> None:
        super().__init__(amount, currency)
        self.amount, self.currency = amount, currency


def check_amount(known: Opportunity | None, values: Mapping[str, Any]) -> None:
    """Raise `TooFine` where a deal had such an amount with these values: what is left out is that of the deal that is
    known."""
    amount = values.get("amount", known and known.amount)
    currency = values.get("currency") or (known and known.currency) or Organization.ours().currency
    if amount is not None and is_too_fine(amount, currency):
        raise TooFine(amount, currency)


def register(
    lead: Lead,
    values: Mapping[str, Any],
    *,
    name: str = "",
    opened_at: datetime | None = None,
    opened_on: date | None = None,
    system: str = "",
    external_id: str = "",
    by: User | None = None,
    how: str = "",
    rights_of: User | None = None,
) -> tuple[Opportunity, bool]:
    """Open a deal, or give the one that is known these values; return it, and whether it is new.

    It is known by the external id in its system, else by its lead, name and opening, or the day `opened_on` where only
    that is known; without either, by the day of today. What is empty stays as it is. Raises `OfAnotherLead`, `TooFine`,
    what opening and moving a deal raise, and `OnlyRead` where the person `rights_of` only reads the deal that is known,
    or the lead of a new one; a lead that is nobody's becomes theirs.
    """
    given = {each: value for each, value in values.items() if value not in (None, "")}
    with transaction.atomic():
        if external_id:
            acquire_named(f"deal {external_id} of {system}")
        lead = Journey.of(lead).lead
        if external_id:
            known = Opportunity.objects.filter(system=system, external_id=external_id).first()
            if known and known.lead_id != lead.pk:
                raise OfAnotherLead(known)
        else:
            known = deals_alike(lead, name, opened_at, opened_on).first()
        if known and rights_of:
            lock_editable(rights_of, known)
        check_amount(known, given)
        if known is None:
            if rights_of:
                claim(lead, by=rights_of, how=how)
            made = Opportunity.open(
                lead,
                name=name,
                opened_at=opened_at,
                opened_on=opened_on,
                system=system,
                external_id=external_id,
                by=by,
                how=how,
                **given,
            )
            return made, True
        stage = given.pop("stage", None)
        known.change(given | ({"name": name} if name else {}), by=by, how=how)
        if stage and stage.pk != known.stage_id:
            known.move(stage, by=by, how=how)
    return known, False


def deals_alike(
    lead: Lead, name: str, opened_at: datetime | None, opened_on: date | None = None
) -> QuerySet[Opportunity]:
    """The deals of that lead and name that were opened then; without an opening, on the day of today. A day, of which
    only the day is known, equals every moment of it."""
    day = opened_on or day_of(opened_at or now())
    start, end = bounds_of(day)
    same = Q(opened_on=day)
    if opened_at is None or day_starting_at(opened_at):
        same |= Q(opened_on=None, opened_at__gte=start, opened_at__lt=end)
    else:
        # Deals of before days were kept lie at the start of theirs.
        same |= Q(opened_at=opened_at) | Q(opened_on=None, opened_at=start)
    return Opportunity.objects.filter(same, lead=lead, name=name).order_by("pk")
