"""The inbox: what waits for me, why, and my answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from funnel.models import Journey
from leads.paging import Sort, page_of
from scoring.explaining import explain
from sla import inbox as waiting
from sla.handoff_forms import AcceptanceForm, RejectionForm
from sla.models import Calendar, Handoff
from teams.models import User

BY_DEADLINE = Sort("due", "", by="due_at")
BY_ANSWER = Sort("answered", "", by="answered_at", descending=True)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the permission table let them in
    return request.user


@require_GET
def inbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """What waits, by deadline; beside it the chosen one, else the first."""
    return _inbox(request, pk)


@require_GET
def inbox_answered(request: HttpRequest) -> HttpResponse:
    """What I have answered, and how late."""
    user = _me(request)
    page = page_of(request, waiting.answered(user), BY_ANSWER)
    context = {"page": page, "tab": "answered", "open_count": Handoff.objects.open().for_rep(user).count()}
    return render(request, "sla/inbox_answered.html", context)


def _inbox(request: HttpRequest, pk: int | None, form: RejectionForm | None = None, status: int = 200) -> HttpResponse:
    at = now()
    user = _me(request)
    hours = Calendar.default().hours(at=at)
    page = page_of(request, waiting.offered(user), BY_DEADLINE)
    chosen = pk or (page.rows[0].pk if page.rows else None)
    context: dict[str, Any] = {
        "groups": waiting.by_day(page.rows, hours, at=at),
        "page": page,
        "open_count": page.count,
        "windows": hours.next_windows(at, 14),
        "at": at,
        "is_open": hours.is_open(at),
        "chosen": pk,
        "tab": "offered",
    }
    if chosen:
        context |= _detail(user, chosen, hours, at, form)
    return render(request, "sla/inbox.html", context, status=status)


def _detail(user: User, pk: int, hours: Any, at: Any, form: RejectionForm | None) -> dict[str, Any]:
    handoff = get_object_or_404(waiting.one(user), pk=pk)
    return {
        "handoff": handoff,
        "clock": waiting.Clock.of(handoff, hours, at=at),
        "form": form or RejectionForm(),
        "acceptance": AcceptanceForm(auto_id="id_accept_%s"),
        "rejecting": form is not None,
        "explanation": explain(handoff.lead, at),
        "lately": waiting.lately(handoff.lead),
        "colleagues": waiting.colleagues(handoff.lead),
    }


def _mine(request: HttpRequest, pk: int) -> Handoff:
    # Somebody else's hand-off is not forbidden, it is not there.
    mine = Handoff.objects.for_rep(_me(request)).select_related("lead", "hop__accepted_stage", "hop__rejected_stage")
    return get_object_or_404(mine, pk=pk)


def _too_late(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody was first: nothing was changed, and the list shows how it stands."""
    messages.warning(request, _("This hand-off was answered or withdrawn a moment ago. Nothing was changed."))
    return _inbox(request, pk, status=409)


@require_POST
def acceptance(request: HttpRequest, pk: int) -> HttpResponse:
    handoff = _mine(request, pk)
    form = AcceptanceForm(request.POST)
    # What is no verdict is none: a yes is not lost over it.
    verdict = form.cleaned_data["verdict"] if form.is_valid() else ""
    try:
        handoff.accept(by=_me(request), verdict=verdict)
    except (Handoff.Answered, Journey.Moved):
        return _too_late(request, pk)
    messages.success(request, _("%(lead)s is yours.") % {"lead": handoff.lead})
    return redirect("inbox")


@require_POST
def rejection(request: HttpRequest, pk: int) -> HttpResponse:
    handoff = _mine(request, pk)
    form = RejectionForm(request.POST)
    if not form.is_valid():
        return _inbox(request, pk, form, status=422)
    try:
        handoff.reject(by=_me(request), **form.cleaned_data)
    except (Handoff.Answered, Journey.Moved):
        return _too_late(request, pk)
    messages.success(request, _("%(lead)s went back to marketing, with your reason.") % {"lead": handoff.lead})
    return redirect("inbox")
