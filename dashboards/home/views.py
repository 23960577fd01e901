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
from teams.http import UserRequest
from teams.models import Organization, Role, User


@require_GET
def home(request: UserRequest) -> HttpResponse:
    user, at = request.user, now()
    context: dict[str, Any] = {
        "at": at,
        "signing": agreement_to_sign(user),
        "agreement": Agreement.objects.in_force(at).first(),
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


def agreement_to_sign(user: User) -> Agreement | None:
    """The proposed agreement that waits for this head's signature."""
    agreement = Agreement.objects.pending().first()
    if agreement is None or agreement.proposed_at is None:
        return None
    return agreement if unsigned_by(agreement, user) else None
