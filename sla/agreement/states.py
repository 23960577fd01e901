"""Where an agreement or a definition is on its way from draft to replaced."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import now

from funnel.models import Definition
from sla.agreement.models.agreements import Agreement


def agreement_state(agreement: Agreement) -> str:
    """`draft`, `proposed`, `coming`, `in_force`, `replaced`, or `never` (replaced before it began)."""
    if agreement.proposed_at is None:
        return "draft"
    if agreement.in_force_from is None:
        return "proposed"
    return _state_once_signed(agreement.in_force_from, agreement.replaced_at)


def definition_state(definition: Definition) -> str:
    """As of an agreement, or `frozen`: it was proposed with an agreement that is a draft again."""
    if definition.frozen_at is None:
        return "draft"
    if definition.in_force_from is None:
        agreement = pending_agreement_naming(definition)
        return "proposed" if agreement and agreement.proposed_at else "frozen"
    return _state_once_signed(definition.in_force_from, definition.replaced_at)


def _state_once_signed(in_force_from: datetime, replaced_at: datetime | None) -> str:
    at = now()
    if replaced_at and replaced_at <= in_force_from:
        return "never"
    if replaced_at and replaced_at <= at:
        return "replaced"
    return "coming" if in_force_from > at else "in_force"


def pending_agreement_naming(definition: Definition) -> Agreement | None:
    """The draft or proposed agreement that names this definition."""
    return Agreement.objects.pending().filter(agreed_definitions__definition=definition).first()


def versions_with_state() -> list[tuple[Agreement, str]]:
    """All agreements with their states, the oldest first."""
    return [(version, agreement_state(version)) for version in Agreement.objects.order_by("number")]


def previous_version(agreement: Agreement) -> Agreement | None:
    return Agreement.objects.filter(number__lt=agreement.number).order_by("-number").first()
