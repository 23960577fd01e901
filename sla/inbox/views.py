"""The inbox: what waits for me, why, my answer, and what I do about what I accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from funnel.models import Journey
from scoring.explaining import explain
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.handoffs.context_pack import packed
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from sla.handoffs.models.touches import Touch
from sla.handoffs.touching import Clock, Work
from sla.inbox import inbox as waiting
from sla.inbox.forms import AcceptanceForm, GivingUpForm, PauseForm, RejectionForm, TouchForm
from sla.inbox.story import told
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from teams.models import User

BY_ANSWER = Order("answered_at", descending=True)

# What somebody typed that does not hold yet, by the form's name.
Typed = Mapping[str, forms.Form]


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the permission table let them in
    return request.user


@require_GET
def inbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """What waits, by deadline; beside it the chosen one, else the first."""
    return _inbox(request, pk)


@require_GET
def inbox_working(request: HttpRequest) -> HttpResponse:
    """What I accepted and still work, by what is due."""
    return _inbox(request, None, tab="working")


@require_GET
def inbox_answered(request: HttpRequest) -> HttpResponse:
    """What I have answered, and how late."""
    user, at = _me(request), now()
    page = list_page(request, waiting.answered(user), BY_ANSWER)
    counts = {"open_count": Handoff.objects.open().for_rep(user).count(), "working_count": waiting.count_working(user)}
    return render(request, "sla/inbox/inbox_answered.html", {"page": page, "tab": "answered", "at": at} | counts)


def _inbox(
    request: HttpRequest, pk: int | None, *, tab: str = "offered", typed: Typed | None = None, status: int = 200
) -> HttpResponse:
    """The list of one tab, and one hand-off beside it; a hand-off that is worked stands beside what is worked."""
    at, user = now(), _me(request)
    hours = Calendar.hours_of(user, at=at)
    handoff = get_object_or_404(waiting.one(user), pk=pk) if pk else None
    works: list[Work] = []
    if tab == "working" or (handoff and handoff.answer == Handoff.Answer.ACCEPTED):
        works = waiting.working(user, hours, at=at)
    if handoff and any(work.handoff.pk == handoff.pk for work in works):
        tab = "working"
    listed = _working(request, user, works) if tab == "working" else _offered(request, user, hours, at)
    if handoff is None and (first := listed.pop("first")):
        handoff = waiting.one(user).get(pk=first)
    context: dict[str, Any] = listed | {
        "windows": hours.next_windows(at, 14),
        "at": at,
        "is_open": hours.is_open(at),
        "chosen": pk,
        "tab": tab,
    }
    if handoff:
        waiting.know(handoff, user)
        work = next((work for work in works if work.handoff.pk == handoff.pk), None)
        context |= _detail(handoff, work, hours, at, typed or {})
    return render(request, "sla/inbox/inbox.html", context, status=status)


def _offered(request: HttpRequest, user: User, hours: OpeningHours, at: datetime) -> dict[str, Any]:
    listed = waiting.listed(request, user)
    page = listed.page
    return {
        "page": page,
        "groups": waiting.by_day(page.rows, hours, at=at),
        "open_count": page.count,
        "working_count": listed.working,
        "first": page.rows[0].pk if page.rows else None,
    }


def _working(request: HttpRequest, user: User, works: list[Work]) -> dict[str, Any]:
    page = waiting.NumberedPage.of(works, request.GET.get("page", ""))
    return {
        "page": page,
        "groups": waiting.by_due(page.rows),
        "open_count": Handoff.objects.open().for_rep(user).count,
        "working_count": len(works),
        "first": page.rows[0].handoff.pk if page.rows else None,
    }


def _detail(handoff: Handoff, work: Work | None, hours: OpeningHours, at: datetime, typed: Typed) -> dict[str, Any]:
    is_open = not handoff.answer
    context: dict[str, Any] = {
        "handoff": handoff,
        "work": work,
        "explanation": explain(handoff.lead, at),
        "lately": waiting.lately(handoff.lead),
        "colleagues": waiting.colleagues(handoff.lead),
        "story": told(handoff),
        "pack": packed(handoff, at=at),
    }
    if is_open:
        context |= {
            "clock": Clock.of(handoff, hours, at=at),
            "form": typed.get("rejection") or RejectionForm(handoff=handoff),
            "acceptance": AcceptanceForm(auto_id="id_accept_%s"),
            "rejecting": "rejection" in typed,
        }
    if work:
        is_done = work.progress.is_done
        context |= {
            "touch_form": typed.get("touch") or TouchForm(auto_id="id_touch_%s"),
            "pause_form": typed.get("pause") or PauseForm(zone=hours.tz, auto_id="id_pause_%s"),
            "giving_up_form": typed.get("giving_up") or GivingUpForm(is_done=is_done, auto_id="id_giving_up_%s"),
            "pausing": "pause" in typed,
            "giving_up": "giving_up" in typed,
        }
    return context


def _mine(request: HttpRequest, pk: int) -> Handoff:
    # Somebody else's hand-off is not forbidden, it is not there.
    mine = Handoff.objects.for_rep(_me(request)).select_related(
        "lead", "hop__accepted_stage", "hop__rejected_stage", "policy", "rep"
    )
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
    form = RejectionForm(request.POST, handoff=handoff)
    if not form.is_valid():
        return _inbox(request, pk, typed={"rejection": form}, status=422)
    try:
        handoff.reject(by=_me(request), **form.said())
    except (Handoff.Answered, Journey.Moved):
        return _too_late(request, pk)
    messages.success(request, _("%(lead)s went back to marketing, with your reason.") % {"lead": handoff.lead})
    return redirect("inbox")


def _work(
    request: HttpRequest, pk: int, name: str, form: forms.Form, do: Callable[[], str], undo: Callable[[], str] = str
) -> HttpResponse:
    """Do what a form about an accepted hand-off says, or show the page with what is wrong. `undo` gives the address
    that takes it back."""
    if not form.is_valid():
        return _inbox(request, pk, typed={name: form}, status=422)
    try:
        done = do()
    except Timer.Over:
        messages.warning(request, _("This clock was stopped or fell due before. Nothing was changed."))
        return _inbox(request, pk, status=409)
    except (Handoff.Over, Journey.Moved):
        messages.warning(request, _("The lead has moved on, or was given up. Nothing was changed."))
        return _inbox(request, pk, status=409)
    messages.success(request, done, extra_tags=undo())
    return redirect("inbox_working")


@require_POST
def touches(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what I did to reach the lead."""
    handoff = _mine(request, pk)
    form = TouchForm(request.POST, auto_id="id_touch_%s")

    made: list[Touch] = []

    def log() -> str:
        made.append(handoff.touch(by=_me(request), **form.said()))
        return _("Written down for %(lead)s.") % {"lead": handoff.lead}

    return _work(request, pk, "touch", form, log, undo=lambda: reverse("touch_undoing", args=[made[0].pk]))


@require_POST
def touch_undoing(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what I wrote down a moment ago."""
    mine = Touch.objects.filter(handoff__rep=_me(request)).select_related("handoff__lead", "handoff__policy")
    touch = get_object_or_404(mine, pk=pk)
    try:
        touch.undo(by=_me(request))
    except (Touch.TooLate, Handoff.Over):
        messages.warning(request, _("This can no longer be taken back. Nothing was changed."))
    else:
        messages.success(request, _("Taken back for %(lead)s.") % {"lead": touch.handoff.lead})
    return redirect("inbox_working")


@require_POST
def touch_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the clock of the first touch stand still until a day."""
    handoff = _mine(request, pk)
    form = PauseForm(request.POST, zone=Calendar.of(_me(request)).zone, auto_id="id_pause_%s")

    def pause() -> str:
        timer = handoff.timers.filter(kind=Timer.Kind.FIRST_TOUCH).first()
        if timer is None:
            raise Handoff.Over
        timer.pause(by=_me(request), **form.said())
        return _("The clock of %(lead)s stands still.") % {"lead": handoff.lead}

    return _work(request, pk, "pause", form, pause)


@require_POST
def giving_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop working a lead, with a reason."""
    handoff = _mine(request, pk)
    is_done = bool(handoff.answered_at) and handoff.progress(at=now()).is_done
    form = GivingUpForm(request.POST, is_done=is_done, auto_id="id_giving_up_%s")

    def give_up() -> str:
        handoff.give_up(by=_me(request), **form.said())
        return _("%(lead)s is not yours to work any more.") % {"lead": handoff.lead}

    return _work(request, pk, "giving_up", form, give_up)
