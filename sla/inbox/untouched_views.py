"""The list of overdue hand-offs by rep: offers without an answer, accepted leads without a touch."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sla.handoffs.worklist import overdue_by_rep
from smarketing.whole_numbers import parse_whole_number
from teams.http import UserRequest
from teams.models import User

ROWS_PER_REP = 10


@require_GET
def untouched(request: UserRequest) -> HttpResponse:
    """What each rep is late with, cut to some rows; all rows of one rep with `?rep=`."""
    at = now()
    pk = parse_whole_number(request.GET.get("rep", ""))
    rep = None if pk is None else get_object_or_404(User, pk=pk)
    groups = overdue_by_rep(at=at, rep=rep)
    limit = None if rep else ROWS_PER_REP
    context = {
        "groups": [
            {
                "overdue": group,
                "unanswered": group.unanswered[:limit],
                "untouched": group.untouched[:limit],
                "more": 0
                if rep
                else max(0, len(group.unanswered) - ROWS_PER_REP) + max(0, len(group.untouched) - ROWS_PER_REP),
            }
            for group in groups
        ],
        "rep": rep,
        "count": sum(group.count for group in groups),
        "at": at,
    }
    return render(request, "sla/inbox/untouched.html", context)
