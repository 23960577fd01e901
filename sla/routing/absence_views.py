"""Who is away, until when, and what waits for them meanwhile."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from sla.calendars.absence_forms import AbsenceForm, people_of
from sla.calendars.models import Absence
from sla.routing.reassigning import offer_to_others, open_for
from smarketing.company import company_zone
from teams.http import UserRequest
from teams.models import User

# Who is away in so many weeks is of interest to everybody.
AHEAD = timedelta(weeks=8)


@require_http_methods(["GET", "POST"])
def absences(request: UserRequest) -> HttpResponse:
    """Who is away now and in the weeks to come, and a form for one's own days."""
    today = now().astimezone(company_zone()).date()
    form = AbsenceForm(request.POST or None, by=request.user, today=today)
    if request.method == "POST" and form.is_valid():
        absence = form.save()
        messages.success(request, _("Saved: %(person)s is away.") % {"person": absence.user})
        if waiting := open_for([absence.user]).get(absence.user_id, 0):
            messages.info(request, _still_waiting(waiting))
        return redirect("absences")
    context = {"form": form, "today": today, "nav_here": "absences", **_listed(request.user, today)}
    return render(request, "sla/calendars/absences.html", context, status=422 if form.errors else 200)


def _still_waiting(n: int) -> str:
    words = ngettext(
        "%(n)s hand-off waits for an answer: give it, or let it be offered to others.",
        "%(n)s hand-offs wait for an answer: give them, or let them be offered to others.",
        n,
    )
    return words % {"n": n}


def _listed(user: User, today: date) -> dict[str, Any]:
    """The absences that are not over, now and to come; notes and what waits only of one's own people."""
    mine = set(people_of(user).values_list("pk", flat=True))
    found = list(coming(today).filter(Q(from_on__lte=today + AHEAD) | Q(user__in=mine)))
    waiting = open_for([each.user for each in found if each.user_id in mine])
    rows = [
        {
            "absence": each,
            "is_mine": each.user_id in mine,
            "waiting": waiting.get(each.user_id, 0),
            "is_away": each.from_on <= today,
        }
        for each in found
    ]
    return {"away": [row for row in rows if row["is_away"]], "later": [row for row in rows if not row["is_away"]]}


def coming(today: date) -> QuerySet[Absence]:
    """Absences of people who work here that are not over, with them and their teams."""
    current = Absence.objects.filter(until_on__gte=today, user__is_active=True)
    return current.select_related("user__team").order_by("from_on", "until_on", "pk")


@require_POST
def absence_delete(request: UserRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.select_related("user"), pk=pk, user__in=people_of(request.user))
    absence.delete()
    messages.success(request, _("%(person)s is here on those days.") % {"person": absence.user})
    return redirect("absences")


@require_POST
def absence_offers(request: UserRequest, pk: int) -> HttpResponse:
    """Offer what waits for somebody who is away to the others of the team."""
    absent = get_object_or_404(people_of(request.user).exclude(pk=request.user.pk), pk=pk)
    moved, staying = offer_to_others(absent, by=request.user)
    if moved:
        words = ngettext("%(n)s hand-off is offered to others.", "%(n)s hand-offs are offered to others.", moved)
        messages.success(request, words % {"n": moved})
    if staying:
        words = ngettext(
            "%(n)s hand-off stays with %(person)s: nobody else can take it.",
            "%(n)s hand-offs stay with %(person)s: nobody else can take them.",
            staying,
        )
        messages.warning(request, words % {"n": staying, "person": absent})
    if not moved and not staying:
        messages.info(request, _("Nothing waits for %(person)s any more.") % {"person": absent})
    return redirect("absences")
