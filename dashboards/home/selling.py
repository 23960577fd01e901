"""The home page of a rep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboards.home.card_size import SHOWN
from funnel.models import Opportunity
from sla.handoffs.worklist import Countdown
from sla.inbox.queries import offer_rows
from sla.inbox.work import list_first_touches
from sla.models import Calendar, Handoff
from smarketing.database.together import Asked, count_of
from teams.models import User


def selling_context(user: User, at: datetime) -> dict[str, Any]:
    """Offers by deadline, accepted hand-offs without their first touch, and deals that close soon."""
    hours = Calendar.hours_for(user, at=at)
    deals = Opportunity.objects.open().filter(owner=user, lead__merged_into=None)
    closing = deals.select_related("lead__company", "stage").order_by("expected_close_on", "pk")[:SHOWN]
    offers, (offer_count,), closing_soon, first_steps = Asked.all_of(
        [
            Asked((offer_rows(user)[:SHOWN],), list),
            Asked((count_of(Handoff.objects.open().for_rep(user)),), list),
            Asked((closing,), list),
            list_first_touches(user, hours, at=at, size=SHOWN),
        ]
    ).fetch()
    return {
        "is_selling": True,
        "offers": [(offer, Countdown.of(offer, hours, at=at)) for offer in offers],
        "offer_count": offer_count,
        "first_steps": first_steps,
        "deals": closing_soon,
    }
