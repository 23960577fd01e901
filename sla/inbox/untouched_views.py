"""Don't be on this list: leads that wait for somebody's answer or touch, longer than was promised."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sla.handoffs.touching import behind
from teams.http import UserRequest
from teams.models import User

SHOWN = 10


@require_GET
def untouched(request: UserRequest) -> HttpResponse:
    """Who is late with what, by rep; all of one rep when the address names one."""
    at = now()
    asked = request.GET.get("rep", "")
    rep = get_object_or_404(User, pk=asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    groups = behind(at=at, rep=rep)
    shown = None if rep else SHOWN
    context = {
        "groups": [
            {
                "behind": group,
                "unanswered": group.unanswered[:shown],
                "untouched": group.untouched[:shown],
                "more": 0 if rep else max(0, len(group.unanswered) - SHOWN) + max(0, len(group.untouched) - SHOWN),
            }
            for group in groups
        ],
        "rep": rep,
        "count": sum(group.count for group in groups),
        "at": at,
    }
    return render(request, "sla/inbox/untouched.html", context)
