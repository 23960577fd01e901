"""The list of overdue hand-offs by rep: offers without an answer, accepted leads without a touch."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from sla.handoffs.overdue import overdue_by_rep, overdue_of
from smarketing.database.keyset import Cursor
from smarketing.pages.paging import ListPage
from smarketing.requests.whole_numbers import parse_whole_number
from teams.http import UserRequest
from teams.models import User


@require_GET
def untouched(request: UserRequest) -> HttpResponse:
    """What each rep is late with, cut to some rows; all rows of one rep with `?rep=`. Both page by page."""
    at = now()
    pk = parse_whole_number(request.GET.get("rep", ""))
    rep = None if pk is None else get_object_or_404(User, pk=pk)
    cursor = Cursor.parse(request.GET.get("after", ""))
    overdue = overdue_of(rep, at=at, cursor=cursor) if rep else overdue_by_rep(at=at, cursor=cursor)
    context = {
        "groups": overdue.groups,
        "page": ListPage.of(overdue.page, overdue.count, False, request),
        "rep": rep,
        "count": overdue.count,
        "at": at,
    }
    return render(request, "sla/inbox/untouched.html", context)
