"""What happens to journeys and opportunities, for programs outside."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from history.events import Event, register

# The ids of a step and its stages. From nowhere: the journey began or was reopened. To nowhere: it was closed.
JourneyMoved = TypedDict("JourneyMoved", {"transition": int, "lead": int, "from": int | None, "to": int | None})


class OpportunityChanged(TypedDict):
    opportunity: int
    lead: int
    amount: Decimal | None
    currency: str


JOURNEY_MOVED = register(
    Event("journey.moved", JourneyMoved, _("The journey of a lead began, moved to another stage, or was closed."))
)
OPPORTUNITY_OPENED = register(Event("opportunity.opened", OpportunityChanged, _("An opportunity was opened.")))
OPPORTUNITY_MOVED = register(
    Event("opportunity.moved", OpportunityChanged, _("An opportunity was moved to another of its stages."))
)
OPPORTUNITY_CHANGED = register(
    Event(
        "opportunity.changed",
        OpportunityChanged,
        _("The name, kind, amount, currency, expected close or owner of an opportunity changed."),
    )
)
OPPORTUNITY_WON = register(
    Event("opportunity.won", OpportunityChanged, _("An opportunity was won: there is a contract."))
)
OPPORTUNITY_LOST = register(Event("opportunity.lost", OpportunityChanged, _("An opportunity was lost.")))
OPPORTUNITY_REOPENED = register(
    Event("opportunity.reopened", OpportunityChanged, _("A decided opportunity was opened again."))
)
