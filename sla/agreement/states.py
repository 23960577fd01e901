"""Where an agreement or a definition is on its way from draft to replaced."""

from __future__ import annotations

from funnel.models import Definition
from history.versions import State
from sla.agreement.models.agreements import AgreedDefinition, Agreement
from smarketing.database.vocabulary import recall


def definition_state(definition: Definition) -> State:
    """Its state; of a frozen one that a proposal names, that it is proposed."""
    if definition.state == State.FROZEN:
        return State.PROPOSED if definition.pk in recall(AgreedDefinition, _proposed) else State.FROZEN
    return definition.state


def _proposed() -> set[int]:
    """The definitions that a proposal names."""
    waiting = AgreedDefinition.objects.filter(agreement__in=Agreement.objects.waiting())
    return set(waiting.order_by().values_list("definition", flat=True))


def pending_agreement_naming(definition: Definition) -> Agreement | None:
    """The draft or proposed agreement that names this definition."""
    return Agreement.objects.pending().filter(agreed_definitions__definition=definition).first()


def versions_with_state() -> list[tuple[Agreement, State]]:
    """All agreements with their states, the oldest first."""
    return [(version, version.state) for version in versions()]


def versions() -> list[Agreement]:
    """All agreements, the oldest first. While a page is made they are read once."""
    return recall(Agreement, lambda: list(Agreement.objects.select_related("score_model").order_by("number")))


def pending_version() -> Agreement | None:
    """The draft, or the proposal that waits, of those."""
    return next((version for version in reversed(versions()) if version.in_force_from is None), None)


def version_before(agreement: Agreement) -> Agreement | None:
    """`Agreement.previous`, of those."""
    return next((version for version in reversed(versions()) if version.number < agreement.number), None)
