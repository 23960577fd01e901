"""When the clocks of our promises run: the company's calendar, and those of teams and people beside it."""

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
from sla.calendars.year import stretch_of, year_of
from sla.handoffs.models.timers import Timer
from teams.forms import time_zones

FIVE_DAYS = {str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The company's own calendar: it holds for everybody who has no other."""
    return _edited(request, Calendar.default())


@require_http_methods(["GET", "POST"])
def calendar_other(request: HttpRequest, pk: int) -> HttpResponse:
    """The calendar of a team or of people."""
    stored = get_object_or_404(Calendar, pk=pk)
    return redirect("calendar") if stored.is_default else _edited(request, stored)


def _edited(request: HttpRequest, stored: Calendar) -> HttpResponse:
    form = CalendarForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.keep()
        messages.success(request, _("The calendar is saved."))
        _say_what_stays(request, stored)
        return redirect(url_of(stored))
    return _page(request, Calendar.objects.get(pk=stored.pk), form=form, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def calendar_new(request: HttpRequest) -> HttpResponse:
    form = CalendarForm(request.POST or None, instance=Calendar(windows=FIVE_DAYS))
    if request.method == "POST" and form.is_valid():
        made = form.keep()
        messages.success(request, _("The calendar is saved."))
        return redirect(url_of(made))
    context = {"form": form, "zones": time_zones(), "nav_here": "calendar"}
    return render(request, "sla/calendars/calendar_new.html", context, status=422 if form.errors else 200)


@require_POST
def calendar_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever used it goes by the company's from now on; what runs keeps its deadline."""
    stored = get_object_or_404(Calendar, pk=pk, is_default=False)
    _say_what_stays(request, stored)
    stored.delete()
    messages.success(
        request, _("“%(name)s” is gone. Who used it goes by the company's calendar.") % {"name": stored.name}
    )
    return redirect("calendar")


@require_POST
def closed_day_new(request: HttpRequest) -> HttpResponse:
    stored = _named(request)
    form = ClosedDayForm(request.POST, calendar=stored)
    if not form.is_valid():
        return _page(request, stored, day_form=form, status=422)
    n = form.close()
    messages.success(request, ngettext("%(n)s day is closed.", "%(n)s days are closed.", n) % {"n": n})
    _say_what_stays(request, stored)
    return redirect(url_of(stored))


@require_POST
def closed_day_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a day again, with the days around it that were closed for the same."""
    day = get_object_or_404(CalendarDay.objects.select_related("calendar"), pk=pk)
    days = stretch_of(day)
    CalendarDay.objects.filter(pk__in=[each.pk for each in days]).delete()
    n = len(days)
    messages.success(request, ngettext("%(n)s day is open again.", "%(n)s days are open again.", n) % {"n": n})
    _say_what_stays(request, day.calendar)
    return redirect(url_of(day.calendar))


def url_of(stored: Calendar) -> str:
    return reverse("calendar") if stored.is_default else reverse("calendar_other", args=[stored.pk])


def _named(request: HttpRequest) -> Calendar:
    """The calendar that a form names; none: the company's."""
    pk = request.POST.get("calendar", "")
    return get_object_or_404(Calendar, pk=int(pk)) if pk.isdecimal() else Calendar.default()


def running_by(stored: Calendar) -> QuerySet[Timer]:
    """The clocks that run by this calendar."""
    running = Timer.objects.running()
    return running.filter(calendar=None) if stored.is_default else running.filter(calendar=stored)


def _say_what_stays(request: HttpRequest, stored: Calendar) -> None:
    """Editing moves no running deadline; whoever edits must know."""
    if running := running_by(stored).count():
        messages.info(
            request,
            ngettext(
                "%(n)s running clock keeps the deadline it was given.",
                "%(n)s running clocks keep the deadlines they were given.",
                running,
            )
            % {"n": running},
        )


def _page(
    request: HttpRequest,
    stored: Calendar,
    *,
    form: CalendarForm | None = None,
    day_form: ClosedDayForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "calendar": stored,
        "calendars": all_of_them(),
        "form": form or CalendarForm(instance=Calendar.objects.get(pk=stored.pk)),
        "day_form": day_form or ClosedDayForm(calendar=stored),
        "year": year_of(stored, now().astimezone(stored.zone).date()),
        "running": running_by(stored).count(),
        "zone": stored.zone.key,
        "zones": time_zones(),
        "weekdays": list(zip(WEEKDAYS_ABBR.values(), WEEKDAYS.values(), strict=True)),
        "action": url_of(stored),
        "nav_here": "calendar",
    }
    return render(request, "sla/calendars/calendar.html", context, status=status)


def all_of_them() -> list[Calendar]:
    """Every calendar, the company's first, each with how many teams and people use it."""
    used = {
        "teams_n": Count("uses", Q(uses__team__isnull=False)),
        "people_n": Count("uses", Q(uses__user__isnull=False)),
    }
    return list(Calendar.objects.annotate(**used).order_by(F("is_default").desc(), "name"))
