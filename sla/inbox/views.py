"""The inbox of a rep: the offers, the worklist, and the verbs of a hand-off."""

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
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from funnel.models import Journey
from scoring.explaining import explain
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from sla.handoffs.handing_on import Owned, left_to, take_over
from sla.handoffs.handoff_context import asked_handoff_context
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from sla.handoffs.models.touches import Touch
from sla.handoffs.worklist import Countdown, WorkItem
from sla.inbox import queries
from sla.inbox.forms import AcceptanceForm, GivingUpForm, PauseForm, RejectionForm, ThreadAnswerForm, TouchForm
from sla.inbox.story import build_story
from sla.inbox.work import Worklist, group_by_due, list_team_work
from smarketing.database.keyset import Cursor, Order
from smarketing.database.together import Asked
from smarketing.pages.paging import ListPage, list_page
from teams.models import User

BY_ANSWER = Order("answered_at", descending=True)

# Submitted forms with errors, by the form's name.
InvalidForms = Mapping[str, forms.Form]


def _current_user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the permission table let them in
    return request.user


@require_GET
def inbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The offers by deadline; beside them the chosen one, else the first."""
    return _render_inbox(request, pk)


@require_GET
def inbox_working(request: HttpRequest) -> HttpResponse:
    """The worklist: what I accepted and still work, by what is due."""
    return _render_inbox(request, None, tab="working")


@require_GET
def inbox_answered(request: HttpRequest) -> HttpResponse:
    """What I have answered, the latest first."""
    user, at = _current_user(request), now()
    page = list_page(request, queries.answered_handoffs(user), BY_ANSWER)
    counts = {"open_count": Handoff.objects.open().for_rep(user).count(), "working_count": queries.count_work(user)}
    return render(request, "sla/inbox/inbox_answered.html", {"page": page, "tab": "answered", "at": at} | counts)


def _render_inbox(
    request: HttpRequest,
    pk: int | None,
    *,
    tab: str = "offered",
    invalid: InvalidForms | None = None,
    thread: list[ThreadAnswerForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the list of one tab and one hand-off beside it; one that is being worked is shown in the worklist."""
    at, user = now(), _current_user(request)
    hours = Calendar.hours_for(user, at=at)
    handoff = get_object_or_404(queries.handoff_detail_queryset(user), pk=pk) if pk else None
    worklist: Worklist | None = None
    if tab == "working" or (handoff and handoff.answer == Handoff.Answer.ACCEPTED):
        cursor = Cursor.parse(request.GET.get("after", ""))
        worklist = list_team_work(user, hours, at=at, cursor=cursor, chosen=pk)
    if worklist and (tab == "working" or worklist.chosen):
        tab, list_context = "working", _work_context(request, worklist)
    else:
        list_context = _offers_context(request, user, hours, at)
    if handoff is None and (first := list_context.pop("first")):
        handoff = queries.handoff_detail_queryset(user).get(pk=first)
    context: dict[str, Any] = list_context | {
        "windows": hours.next_windows(at, 14),
        "at": at,
        "is_open": hours.is_open(at),
        "chosen": pk,
        "tab": tab,
        "is_refused": bool(invalid or thread),
    }
    if handoff:
        queries.reuse_rep(handoff, user)
        work = worklist.find(handoff.pk) if worklist else None
        context |= _detail_context(handoff, work, hours, at, invalid or {})
        if not handoff.answer:
            context["thread"] = thread or [ThreadAnswerForm(handoff=each) for each in queries.thread_of(handoff)]
    return render(request, "sla/inbox/inbox.html", context, status=status)


def _offers_context(request: HttpRequest, user: User, hours: OpeningHours, at: datetime) -> dict[str, Any]:
    offers = queries.list_offers(request, user)
    page = offers.page
    return {
        "page": page,
        "groups": queries.group_by_day(page.rows, hours, at=at),
        "open_count": page.count,
        "working_count": offers.working_count,
        "first": page.rows[0].pk if page.rows else None,
    }


def _work_context(request: HttpRequest, worklist: Worklist) -> dict[str, Any]:
    rows = worklist.page.rows
    return {
        "page": ListPage.of(worklist.page, worklist.count, False, request),
        "groups": group_by_due(rows),
        "nobodys": worklist.nobodys,
        "open_count": worklist.open_count,
        "working_count": worklist.count,
        "first": rows[0].handoff.pk if rows else None,
    }


def _detail_context(
    handoff: Handoff, work: WorkItem | None, hours: OpeningHours, at: datetime, invalid: InvalidForms
) -> dict[str, Any]:
    is_open = not handoff.answer
    # Before what it names: the model is asked with the vocabularies.
    explanation = explain(handoff.lead, at)
    activities, colleagues, handoff_context = Asked.all_of(
        [
            queries.asked_activities(handoff.lead),
            Asked((queries.colleagues(handoff.lead),), list),
            asked_handoff_context(handoff, at=at),
        ]
    ).fetch()
    context: dict[str, Any] = {
        "handoff": handoff,
        "work": work,
        "explanation": explanation,
        "recent_activities": activities,
        "colleagues": colleagues,
        "story": build_story(handoff),
        "handoff_context": handoff_context,
    }
    if is_open:
        context |= {
            "countdown": Countdown.of(handoff, hours, at=at),
            "form": invalid.get("rejection") or RejectionForm(handoff=handoff),
            "acceptance": AcceptanceForm(handoff=handoff, auto_id="id_accept_%s"),
            "rejecting": "rejection" in invalid,
        }
    if work:
        is_done = work.progress.is_done
        context |= {
            "touch_form": invalid.get("touch") or TouchForm(auto_id="id_touch_%s"),
            "pause_form": invalid.get("pause") or PauseForm(zone=hours.tz, auto_id="id_pause_%s"),
            "giving_up_form": invalid.get("giving_up") or GivingUpForm(is_done=is_done, auto_id="id_giving_up_%s"),
            "pausing": "pause" in invalid,
            "giving_up": "giving_up" in invalid,
        }
    return context


def _get_own_handoff_or_404(request: HttpRequest, pk: int) -> Handoff:
    # Somebody else's hand-off is not forbidden, it is not there.
    mine = Handoff.objects.for_rep(_current_user(request)).select_related(
        "lead", "hop__accepted_stage", "hop__rejected_stage", "policy", "rep"
    )
    return get_object_or_404(mine, pk=pk)


def _render_conflict(request: HttpRequest, pk: int) -> HttpResponse:
    """409: somebody answered first. Nothing was changed, and the list shows the current state."""
    messages.warning(request, _("This hand-off was answered or withdrawn a moment ago. Nothing was changed."))
    return _render_inbox(request, pk, status=409)


@require_POST
def acceptance(request: HttpRequest, pk: int) -> HttpResponse:
    handoff = _get_own_handoff_or_404(request, pk)
    form = AcceptanceForm(request.POST, handoff=handoff)
    # What is invalid of it is dropped: the acceptance is not lost over it.
    said = form.cleaned_data if form.is_valid() else {}
    try:
        handoff.accept(by=_current_user(request), **said)
    except (Handoff.Answered, Journey.Moved):
        return _render_conflict(request, pk)
    messages.success(request, _("%(lead)s is yours.") % {"lead": handoff.lead})
    return redirect("inbox")


@require_POST
def rejection(request: HttpRequest, pk: int) -> HttpResponse:
    handoff = _get_own_handoff_or_404(request, pk)
    form = RejectionForm(request.POST, handoff=handoff)
    if not form.is_valid():
        return _render_inbox(request, pk, invalid={"rejection": form}, status=422)
    try:
        handoff.reject(by=_current_user(request), **form.cleaned_values())
    except (Handoff.Answered, Journey.Moved):
        return _render_conflict(request, pk)
    messages.success(request, _("%(lead)s went back to marketing, with your reason.") % {"lead": handoff.lead})
    return redirect("inbox")


@require_POST
def thread_answers(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the leads of one company that were offered together, each by its own answer."""
    handoff, user = _get_own_handoff_or_404(request, pk), _current_user(request)
    answers = [ThreadAnswerForm(request.POST, handoff=each) for each in queries.thread_of(handoff)]
    if not answers:
        return _render_conflict(request, pk)
    if not all([form.is_valid() for form in answers]):
        return _render_inbox(request, pk, thread=answers, status=422)
    given = lost = 0
    for form in answers:
        if form.is_answered:
            try:
                form.give(by=user)
                given += 1
            except (Handoff.Answered, Journey.Moved):
                lost += 1
    if lost:
        messages.warning(request, _("Some were answered or withdrawn a moment ago. Of these nothing was changed."))
    if given:
        messages.success(
            request, ngettext("%(n)s lead is answered.", "%(n)s leads are answered.", given) % {"n": given}
        )
    elif not lost:
        messages.warning(request, _("No answer was chosen. Nothing was changed."))
    return redirect("inbox")


@require_POST
def taking(request: HttpRequest, pk: int) -> HttpResponse:
    """Take over what a rep of my team accepted who left since."""
    user = _current_user(request)
    handoff = get_object_or_404(left_to(user).select_related("lead", "hop"), pk=pk)
    try:
        take_over(handoff, by=user)
    except Owned:
        messages.warning(request, _("Somebody else has taken it. Nothing was changed."))
    except (Handoff.Over, Journey.Moved):
        messages.warning(request, _("The lead has moved on, or was given up. Nothing was changed."))
    else:
        messages.success(request, _("%(lead)s is yours.") % {"lead": handoff.lead})
    return redirect("inbox_working")


def _submit(
    request: HttpRequest, pk: int, name: str, form: forms.Form, do: Callable[[], str], undo: Callable[[], str] = str
) -> HttpResponse:
    """Call `do` if the form is valid, else render the page with its errors. `undo` returns the URL that takes it
    back."""
    if not form.is_valid():
        return _render_inbox(request, pk, invalid={name: form}, status=422)
    try:
        message = do()
    except Timer.Over:
        messages.warning(request, _("This clock was stopped or fell due before. Nothing was changed."))
        return _render_inbox(request, pk, status=409)
    except (Handoff.Over, Journey.Moved):
        messages.warning(request, _("The lead has moved on, or was given up. Nothing was changed."))
        return _render_inbox(request, pk, status=409)
    messages.success(request, message, extra_tags=undo())
    return redirect("inbox_working")


@require_POST
def touches(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a touch: what I did to reach the lead."""
    handoff = _get_own_handoff_or_404(request, pk)
    form = TouchForm(request.POST, auto_id="id_touch_%s")

    logged: list[Touch] = []

    def log() -> str:
        logged.append(handoff.touch(by=_current_user(request), **form.cleaned_values()))
        return _("Written down for %(lead)s.") % {"lead": handoff.lead}

    return _submit(request, pk, "touch", form, log, undo=lambda: reverse("touch_undoing", args=[logged[0].pk]))


@require_POST
def touch_undoing(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a touch that I logged a moment ago."""
    mine = Touch.objects.filter(handoff__rep=_current_user(request)).select_related("handoff__lead", "handoff__policy")
    touch = get_object_or_404(mine, pk=pk)
    try:
        touch.undo(by=_current_user(request))
    except (Touch.TooLate, Handoff.Over):
        messages.warning(request, _("This can no longer be taken back. Nothing was changed."))
    else:
        messages.success(request, _("Taken back for %(lead)s.") % {"lead": touch.handoff.lead})
    return redirect("inbox_working")


@require_POST
def touch_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause the timer of the first touch until a day."""
    handoff = _get_own_handoff_or_404(request, pk)
    form = PauseForm(request.POST, zone=Calendar.for_user(_current_user(request)).zone, auto_id="id_pause_%s")

    def pause() -> str:
        timer = handoff.timers.filter(kind=Timer.Kind.FIRST_TOUCH).first()
        if timer is None:
            raise Handoff.Over
        timer.pause(by=_current_user(request), **form.cleaned_values())
        return _("The clock of %(lead)s stands still.") % {"lead": handoff.lead}

    return _submit(request, pk, "pause", form, pause)


@require_POST
def giving_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop working a lead, with a reason."""
    handoff = _get_own_handoff_or_404(request, pk)
    is_done = bool(handoff.answered_at) and handoff.progress(at=now()).is_done
    form = GivingUpForm(request.POST, is_done=is_done, auto_id="id_giving_up_%s")

    def give_up() -> str:
        handoff.give_up(by=_current_user(request), **form.cleaned_values())
        return _("%(lead)s is not yours to work any more.") % {"lead": handoff.lead}

    return _submit(request, pk, "giving_up", form, give_up)
