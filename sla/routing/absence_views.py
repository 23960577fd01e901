"""Who is away, until when, and which hand-offs wait for them meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from sla.calendars.absence_forms import AbsenceForm, people_editable_by
from sla.calendars.models import Absence
from sla.routing.reassigning import count_open_by_rep, offer_to_others
from teams.http import UserRequest
from teams.models import User

# Absences of everybody are listed so far ahead; of one's own people, all of them.
AHEAD = timedelta(weeks=8)


@require_http_methods(["GET", "POST"])
def absences(request: UserRequest) -> HttpResponse:
    """Who is away now and in the weeks to come, and a form for one's own days."""
    at = now()
    form = AbsenceForm(request.POST or None, by=request.user, at=at)
    if request.method == "POST" and form.is_valid():
        absence = form.save()
        messages.success(request, _("Saved: %(person)s is away.") % {"person": absence.user})
        if waiting := count_open_by_rep([absence.user]).get(absence.user_id, 0):
            messages.info(request, _format_waiting(waiting))
        return redirect("absences")
    context = {"form": form, "nav_here": "absences", **_absence_rows(request.user, at)}
    return render(request, "sla/calendars/absences.html", context, status=422 if form.errors else 200)


def _format_waiting(n: int) -> str:
    words = ngettext(
        "%(n)s hand-off waits for an answer: give it, or let it be offered to others.",
        "%(n)s hand-offs wait for an answer: give them, or let them be offered to others.",
        n,
    )
    return words % {"n": n}


def _absence_rows(user: User, at: datetime) -> dict[str, Any]:
    """The current and coming absences; with the open hand-offs of the people whose absences one may enter."""
    own_people = set(people_editable_by(user).values_list("pk", flat=True))
    absences = list(current_absences(at).filter(Q(from_on__lte=F("today") + AHEAD) | Q(user__in=own_people)))
    waiting = count_open_by_rep([absence.user for absence in absences if absence.user_id in own_people])
    rows = [
        {
            "absence": absence,
            "is_mine": absence.user_id in own_people,
            "waiting": waiting.get(absence.user_id, 0),
            "is_away": absence.from_on <= absence.today,
        }
        for absence in absences
    ]
    return {"away": [row for row in rows if row["is_away"]], "later": [row for row in rows if not row["is_away"]]}


def current_absences(at: datetime) -> QuerySet[Any]:
    """Absences of people who work here that are not over, with them and their teams; each with its `today`."""
    current = Absence.objects.not_over(at=at).filter(user__is_active=True)
    return current.select_related("user__team").order_by("from_on", "until_on", "pk")


@require_POST
def absence_delete(request: UserRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(
        Absence.objects.select_related("user"), pk=pk, user__in=people_editable_by(request.user)
    )
    absence.delete()
    messages.success(request, _("%(person)s is here on those days.") % {"person": absence.user})
    return redirect("absences")


@require_POST
def absence_offers(request: UserRequest, pk: int) -> HttpResponse:
    """Offer what waits for somebody who is away to the others of the team."""
    absent = get_object_or_404(people_editable_by(request.user).exclude(pk=request.user.pk), pk=pk)
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
