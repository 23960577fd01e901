"""The home page of a rep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboards.home.card_size import SHOWN
from funnel.models import Opportunity
from sla.handoffs.worklist import Countdown
from sla.inbox.queries import list_first_touches, offer_rows
from sla.models import Calendar, Handoff
from teams.models import User


def selling_context(user: User, at: datetime) -> dict[str, Any]:
    """Offers by deadline, accepted hand-offs without their first touch, and deals that close soon."""
    hours = Calendar.hours_for(user, at=at)
    offers = list(offer_rows(user)[: SHOWN + 1])
    deals = Opportunity.objects.open().filter(owner=user, lead__merged_into=None)
    return {
        "is_selling": True,
        "offers": [(offer, Countdown.of(offer, hours, at=at)) for offer in offers[:SHOWN]],
        "offer_count": Handoff.objects.open().for_rep(user).count(),
        "first_steps": list_first_touches(user, hours, at=at)[:SHOWN],
        "deals": list(deals.select_related("lead__company", "stage").order_by("expected_close_on", "pk")[:SHOWN]),
    }
