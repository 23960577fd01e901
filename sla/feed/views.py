"""The secret address of one's calendar feed, and what lies at it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from sla.feed.feed import address_of, feed_of, renewed
from sla.feed.models import Feed
from teams.http import UserRequest


@require_GET
def feed(request: UserRequest) -> HttpResponse:
    """The address to give to a calendar, once there is one."""
    mine = Feed.objects.filter(user=request.user).first()
    context = {"feed": mine, "address": address_of(mine) if mine else "", "nav_here": "profile"}
    return render(request, "sla/feed/feed.html", context)


@require_POST
def feed_renewal(request: UserRequest) -> HttpResponse:
    """A new address; whoever had the old one sees nothing more."""
    had_one = Feed.objects.filter(user=request.user).exists()
    renewed(request.user)
    if had_one:
        messages.success(request, _("Your feed has a new address. The old one is silent."))
    else:
        messages.success(request, _("Your feed has its address. Give it to your calendar."))
    return redirect("feed")


@require_safe
@login_not_required
def feed_calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The feed itself, for a calendar that knows the secret: no cookie, no session. Any other address is not there."""
    mine = get_object_or_404(Feed.objects.select_related("user"), secret=secret, user__is_active=True)
    response = HttpResponse(feed_of(mine.user), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="smarketing.ics"'
    response["Content-Language"] = mine.user.spoken
    response["Cache-Control"] = "private, max-age=900"
    return response
