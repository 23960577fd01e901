"""The weekly review: one page that both teams see."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboards.weekly.keeping import kept_week
from dashboards.weekly.page import WeeklyPage
from dashboards.weekly.reports import report_of, stored_report
from metrics.period import Period
from teams.http import UserRequest
from teams.permissions import people_shown_to


@require_GET
def weekly(request: UserRequest) -> HttpResponse:
    """This week so far; with `on`, the week of that day."""
    wanted = request.GET.get("on", "")
    if not wanted:
        return render_week(request, Period.week_of(now()))
    try:
        week = Period.week_of(date.fromisoformat(wanted))
    except (ValueError, OverflowError):
        messages.error(request, _("“%(text)s” is not a date such as 2026-04-01.") % {"text": wanted})
        return redirect("weekly")
    if not has_page(week):
        messages.warning(
            request, _("That week has not begun.") if week.start.year > 2000 else _("That is too long ago.")
        )
        return redirect("weekly")
    return redirect("weekly_week", week.start.isoformat())


@require_GET
def weekly_week(request: UserRequest, day: str) -> HttpResponse:
    week = get_week_or_404(day)
    if week.start.isoformat() != day:
        return redirect("weekly_week", week.start.isoformat())
    return render_week(request, week)


@require_POST
def weekly_computation(request: UserRequest, day: str) -> HttpResponse:
    """Compute the week again, even if the stored report is fresh; of a kept week what is known of it today."""
    week = get_week_or_404(day)
    report_of(week, anew=True)
    messages.success(request, _("The numbers of this week were computed again."))
    return redirect("weekly_week", week.start.isoformat())


def get_week_or_404(day: str) -> Period:
    """The week of that day; 404 for no date and for a week that has not begun."""
    try:
        week = Period.week_of(date.fromisoformat(day))
    except (ValueError, OverflowError):
        raise Http404
    if not has_page(week):
        raise Http404
    return week


def has_page(week: Period) -> bool:
    return week.start.year > 2000 and week.starts_at <= now()


def render_week(request: UserRequest, week: Period) -> HttpResponse:
    kept = kept_week(week)
    people = people_shown_to(request.user)
    report, today = (kept, stored_report(week)) if kept else (report_of(week), None)
    page = WeeklyPage(report, week, today, people)
    return render(request, "dashboards/weekly/weekly.html", {"page": page, "nav_here": "weekly"})
