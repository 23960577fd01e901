"""The home page: what waits for a person, by role."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from dashboards.home.managing import managing_context
from dashboards.home.marketing import marketing_context
from dashboards.home.running import tick_silence
from dashboards.home.selling import selling_context
from dashboards.home.setup import setup_steps
from sla.agreement.signing import unsigned_by
from sla.models import Agreement
from smarketing.database.together import fetch_together
from teams.http import UserRequest
from teams.models import Organization, Role, User


@require_GET
def home(request: UserRequest) -> HttpResponse:
    user, at = request.user, now()
    pending, in_force = fetch_together(Agreement.objects.pending()[:1], Agreement.objects.in_force(at)[:1])
    context: dict[str, Any] = {
        "at": at,
        "signing": next((proposal for proposal in pending if waits_for(user, proposal)), None),
        "agreement": next(iter(in_force), None),
        "is_demo_in_the_making": Organization.ours().is_demo_in_the_making,
    }
    if user.has_role(Role.REP, Role.SDR):
        context |= selling_context(user, at)
    if user.has_role(Role.MARKETER, Role.MANAGER):
        context |= marketing_context(at)
    if user.has_role(Role.MANAGER):
        context |= managing_context(at)
    if user.has_role(Role.ADMINISTRATOR):
        context["setup"] = setup_steps(request, at)
        context["silence"] = tick_silence()
    return render(request, "dashboards/home/home.html", context)


def waits_for(user: User, pending: Agreement) -> bool:
    """Whether this draft or proposal waits for this head's signature."""
    return pending.proposed_at is not None and bool(unsigned_by(pending, user))
