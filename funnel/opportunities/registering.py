"""A deal that a program tells: the same deal told twice is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from funnel.models.journeys import Journey
from funnel.models.opportunities import Opportunity
from leads.models import Lead
from leads.registering.taking import claim
from smarketing.company import day_around, day_starting_at
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
    system: str = "",
    external_id: str = "",
    by: User | None = None,
    how: str = "",
    rights_of: User | None = None,
) -> tuple[Opportunity, bool]:
    """Open a deal, or give the one that is known these values; return it, and whether it is new.

    It is known by the external id in its system, else by its lead, name and opening; without an opening, by the day of
    today. What is empty stays as it is. Raises `OfAnotherLead`, `TooFine`, what opening and moving a deal raise, and
    `OnlyRead` where the person `rights_of` only reads the deal that is known, or the lead of a new one; a lead
    that is nobody's becomes theirs.
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
            known = deals_alike(lead, name, opened_at or now(), only_the_day=opened_at is None).first()
        if known and rights_of:
            lock_editable(rights_of, known)
        check_amount(known, given)
        if known is None:
            if rights_of:
                claim(lead, by=rights_of, how=how)
            made = Opportunity.open(
                lead, name=name, opened_at=opened_at, system=system, external_id=external_id, by=by, how=how, **given
            )
            return made, True
        stage = given.pop("stage", None)
        known.change(given | ({"name": name} if name else {}), by=by, how=how)
        if stage and stage.pk != known.stage_id:
            known.move(stage, by=by, how=how)
    return known, False


def deals_alike(lead: Lead, name: str, opened_at: datetime, *, only_the_day: bool = False) -> QuerySet[Opportunity]:
    """The deals of that lead and name that were opened then. A day, of which only the day is known, equals every
    moment of it."""
    start, end = day_around(opened_at)
    same = Q(opened_at=opened_at) | Q(opened_at=start)
    if only_the_day or day_starting_at(opened_at):
        same = Q(opened_at__gte=start, opened_at__lt=end)
    return Opportunity.objects.filter(same, lead=lead, name=name).order_by("pk")
