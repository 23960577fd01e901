"""The page with the secret URL of one's calendar feed, and the feed itself."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from history import audit
from history.restoration import is_copy
from sla.feed.feed import feed_url, render_feed, renew_feed
from sla.feed.models import Feed
from smarketing.database.encrypted import digest_of
from teams.http import UserRequest


@require_GET
def feed(request: UserRequest) -> HttpResponse:
    """The URL to give to a calendar, once there is one."""
    mine = Feed.objects.filter(user=request.user).first()
    if mine and not mine.secret:
        mine = None  # none of our keys opens it, so that a new one is offered
    context = {"feed": mine, "address": feed_url(mine) if mine else "", "nav_here": "profile"}
    return render(request, "sla/feed/feed.html", context)


@require_POST
def feed_renewal(request: UserRequest) -> HttpResponse:
    """Make a new URL, and revoke the old one."""
    had_one = Feed.objects.filter(user=request.user).exists()
    renew_feed(request.user)
    if had_one:
        messages.success(request, _("Your feed has a new address. The old one is silent."))
    else:
        messages.success(request, _("Your feed has its address. Give it to your calendar."))
    return redirect("feed")


@require_safe
@login_not_required
def feed_calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The feed, for a calendar that knows the secret: without cookie or session. A wrong secret is answered 404.

    Both are in the log of access, sparingly: a calendar asks every few hours. A restored copy says nothing, so that the
    calendar keeps what it has.
    """
    if is_copy():
        return HttpResponse(status=503, headers={"Retry-After": "3600", "Cache-Control": "no-store"})
    mine = Feed.objects.select_related("user").filter(secret_digest=digest_of(secret)).first()
    if mine is None or not mine.user.is_active:
        audit.write_once_a_day(audit.Kind.FEED_REFUSED, by=mine and mine.user)
        raise Http404
    audit.write_once_a_day(audit.Kind.FEED_READ, by=mine.user)
    response = HttpResponse(render_feed(mine.user), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="smarketing.ics"'
    response["Content-Language"] = mine.user.spoken
    return response
