"""A person's notices."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from teams.http import UserRequest
from teams.models import Notice

NEWEST = Order("created_at", descending=True)


@require_GET
def notices(request: UserRequest) -> HttpResponse:
    """The notices of this person, the latest first."""
    page = list_page(request, Notice.objects.filter(user=request.user), NEWEST)
    return render(request, "teams/notices.html", {"page": page})


@require_GET
def notice(request: UserRequest, pk: int) -> HttpResponse:
    """Mark a notice as read, and go to what it is about."""
    own_notice = get_object_or_404(Notice, pk=pk, user=request.user)
    Notice.objects.unread().filter(pk=pk).update(read_at=now())
    return redirect(own_notice.address or "notices")


@require_POST
def notices_read(request: UserRequest) -> HttpResponse:
    Notice.objects.unread().filter(user=request.user).update(read_at=now())
    return redirect("notices")
