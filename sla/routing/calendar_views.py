"""The opening hours by which timers run: the company's calendar, and those of teams and people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from sla.calendars.forms import CalendarForm, ClosedDayForm
from sla.calendars.models import Calendar, CalendarDay
from sla.calendars.year import adjacent_closed_days, build_year
from sla.handoffs.models.timers import Timer
from smarketing.requests.whole_numbers import parse_whole_number
from teams.people.forms import time_zones

FIVE_DAYS = {str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The company's calendar, which everybody without another uses."""
    return _edit_calendar(request, Calendar.default())


@require_http_methods(["GET", "POST"])
def calendar_other(request: HttpRequest, pk: int) -> HttpResponse:
    """The calendar of a team or of people."""
    stored = get_object_or_404(Calendar, pk=pk)
    return redirect("calendar") if stored.is_default else _edit_calendar(request, stored)


def _edit_calendar(request: HttpRequest, stored: Calendar) -> HttpResponse:
    form = CalendarForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.save_with_users()
        messages.success(request, _("The calendar is saved."))
        _warn_about_running_timers(request, stored)
        return redirect(calendar_url(stored))
    # As stored: an invalid form has changed its own instance.
    shown = Calendar.objects.get(pk=stored.pk) if form.is_bound else stored
    return _render_calendar(request, shown, form=form, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def calendar_new(request: HttpRequest) -> HttpResponse:
    form = CalendarForm(request.POST or None, instance=Calendar(windows=FIVE_DAYS))
    if request.method == "POST" and form.is_valid():
        created = form.save_with_users()
        messages.success(request, _("The calendar is saved."))
        return redirect(calendar_url(created))
    context = {"form": form, "zones": time_zones(), "nav_here": "calendar"}
    return render(request, "sla/calendars/calendar_new.html", context, status=422 if form.errors else 200)


@require_POST
def calendar_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a calendar: its users use the company's from now on, and running timers keep their deadlines."""
    stored = get_object_or_404(Calendar, pk=pk, is_default=False)
    _warn_about_running_timers(request, stored)
    stored.delete()
    messages.success(
        request, _("“%(name)s” is gone. Who used it goes by the company's calendar.") % {"name": stored.name}
    )
    return redirect("calendar")


@require_POST
def closed_day_new(request: HttpRequest) -> HttpResponse:
    stored = _get_posted_calendar(request)
    form = ClosedDayForm(request.POST, calendar=stored)
    if not form.is_valid():
        return _render_calendar(request, stored, day_form=form, status=422)
    n = form.close_days()
    messages.success(request, ngettext("%(n)s day is closed.", "%(n)s days are closed.", n) % {"n": n})
    _warn_about_running_timers(request, stored)
    return redirect(calendar_url(stored))


@require_POST
def closed_day_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a day again, with the adjacent days that were closed under the same name."""
    day = get_object_or_404(CalendarDay.objects.select_related("calendar"), pk=pk)
    days = adjacent_closed_days(day)
    CalendarDay.objects.filter(pk__in=[closed.pk for closed in days]).delete()
    n = len(days)
    messages.success(request, ngettext("%(n)s day is open again.", "%(n)s days are open again.", n) % {"n": n})
    _warn_about_running_timers(request, day.calendar)
    return redirect(calendar_url(day.calendar))


def calendar_url(stored: Calendar) -> str:
    return reverse("calendar") if stored.is_default else reverse("calendar_other", args=[stored.pk])


def _get_posted_calendar(request: HttpRequest) -> Calendar:
    """The calendar whose id is posted; the company's without one."""
    pk = parse_whole_number(request.POST.get("calendar", ""))
    return Calendar.default() if pk is None else get_object_or_404(Calendar, pk=pk)


def running_timers(stored: Calendar) -> QuerySet[Timer]:
    """The timers that run by this calendar."""
    running = Timer.objects.running()
    return running.filter(calendar=None) if stored.is_default else running.filter(calendar=stored)


def _warn_about_running_timers(request: HttpRequest, stored: Calendar) -> None:
    """Tell whoever edits a calendar that running timers keep their deadlines."""
    if running := running_timers(stored).count():
        messages.info(
            request,
            ngettext(
                "%(n)s running clock keeps the deadline it was given.",
                "%(n)s running clocks keep the deadlines they were given.",
                running,
            )
            % {"n": running},
        )


def _render_calendar(
    request: HttpRequest,
    stored: Calendar,
    *,
    form: CalendarForm | None = None,
    day_form: ClosedDayForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "calendar": stored,
        "calendars": calendars_with_use(),
        "form": form or CalendarForm(instance=Calendar.objects.get(pk=stored.pk)),
        "day_form": day_form or ClosedDayForm(calendar=stored),
        "year": build_year(stored, now().astimezone(stored.zone).date()),
        "running": running_timers(stored).count(),
        "zone": stored.zone.key,
        "zones": time_zones(),
        "weekdays": list(zip(WEEKDAYS_ABBR.values(), WEEKDAYS.values(), strict=True)),
        "action": calendar_url(stored),
        "nav_here": "calendar",
    }
    return render(request, "sla/calendars/calendar.html", context, status=status)


def calendars_with_use() -> list[Calendar]:
    """All calendars, the company's first, each with how many teams and people use it."""
    used = {
        "teams_n": Count("uses", Q(uses__team__isnull=False)),
        "people_n": Count("uses", Q(uses__user__isnull=False)),
    }
    return list(Calendar.objects.annotate(**used).order_by(F("is_default").desc(), "name"))
