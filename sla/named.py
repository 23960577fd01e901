"""What an agreement names: the versions that hold with it."""

from __future__ import annotations

from funnel.models import Definition
from leads.models import PersonaVersion
from sla.models import Agreement


def definitions_of(agreement: Agreement) -> list[Definition]:
    """The agreed definitions, in the order of the funnel."""
    agreed = agreement.agreed_definitions.select_related("definition__stage")
    return [row.definition for row in agreed.order_by("definition__stage__position")]


def personas_of(agreement: Agreement) -> list[PersonaVersion]:
    """The agreed personas, in the order in which leads are matched."""
    agreed = agreement.agreed_personas.select_related("version__persona").order_by("position")
    return [row.version for row in agreed]
