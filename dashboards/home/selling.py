"""The home page of a rep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboards.home.card_size import SHOWN
from funnel.models import Opportunity
from sla.handoffs.worklist import Countdown
from sla.inbox.queries import leads_of, list_first_touches, offer_rows, set_leads
from sla.models import Calendar, Handoff
from smarketing.database.together import count_of, fetch_together
from teams.models import User


def selling_context(user: User, at: datetime) -> dict[str, Any]:
    """Offers by deadline, accepted hand-offs without their first touch, and deals that close soon."""
    hours = Calendar.hours_for(user, at=at)
    first_steps = list_first_touches(user, hours, at=at)[:SHOWN]
    deals = (
        Opportunity.objects.open().filter(owner=user, lead__merged_into=None).select_related("lead__company", "stage")
    )
    offers, (offer_count,), leads, closing = fetch_together(
        offer_rows(user)[:SHOWN],
        count_of(Handoff.objects.open().for_rep(user)),
        leads_of(first_steps),
        deals.select_related("lead__company", "stage").order_by("expected_close_on", "pk")[:SHOWN],
    )
    set_leads(first_steps, leads)
    return {
        "is_selling": True,
        "offers": [(offer, Countdown.of(offer, hours, at=at)) for offer in offers],
        "offer_count": offer_count,
        "first_steps": first_steps,
        "deals": closing,
    }
