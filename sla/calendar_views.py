"""When the clocks of our promises run."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from sla.calendar_forms import CalendarForm, ClosedDayForm
from sla.models import Calendar, CalendarDay, Timer, national_holidays
from teams.models import Organization

YEAR = timedelta(days=365)


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The company's opening hours, its closed days, and the twelve months to come."""
    stored = Calendar.default()
    form = CalendarForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The calendar is saved."))
        _say_what_stays(request)
        return redirect("calendar")
    return _page(request, form=form, status=422 if form.errors else 200)


@require_POST
def closed_day_new(request: HttpRequest) -> HttpResponse:
    form = ClosedDayForm(request.POST, instance=CalendarDay(calendar=Calendar.default()))
    if not form.is_valid():
        return _page(request, day_form=form, status=422)
    form.save()
    messages.success(request, _("That day is closed."))
    _say_what_stays(request)
    return redirect("calendar")


@require_POST
def closed_day_delete(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(CalendarDay, pk=pk).delete()
    messages.success(request, _("That day is open again."))
    _say_what_stays(request)
    return redirect("calendar")


def _say_what_stays(request: HttpRequest) -> None:
    """Editing moves no running deadline; whoever edits must know."""
    if running := Timer.objects.running().count():
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
    request: HttpRequest, *, form: CalendarForm | None = None, day_form: ClosedDayForm | None = None, status: int = 200
) -> HttpResponse:
    stored = Calendar.default()
    context = {
        "calendar": stored,
        "form": form or CalendarForm(instance=stored),
        "day_form": day_form or ClosedDayForm(),
        "months": closed_days(stored, now().astimezone(stored.zone).date()),
        "running": Timer.objects.running().count(),
        "zone": stored.zone.key,
    }
    return render(request, "sla/calendar.html", context, status=status)


def closed_days(stored: Calendar, today: date) -> list[dict[str, Any]]:
    """Return the closed days of the next twelve months, by month: holidays and the company's own."""
    country = stored.country or Organization.ours().country
    until = today + YEAR
    found: list[tuple[date, str, CalendarDay | None]] = [
        (day, name, None)
        for day, name in national_holidays(country, today.year, until.year).items()
        if today <= day < until
    ]
    found += [(own.day, own.name, own) for own in stored.days.filter(day__gte=today, day__lt=until)]
    months: dict[date, list[dict[str, Any]]] = {}
    for day, name, own in sorted(found, key=lambda entry: entry[0]):
        months.setdefault(day.replace(day=1), []).append({"day": day, "name": name, "own": own})
    return [{"month": month, "days": days} for month, days in months.items()]
