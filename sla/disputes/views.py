"""Rejections, as the offering side sees them, and their disputes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from metrics.period import Period
from metrics.question import Question
from sla.disputes.disputing import (
    last_dispute_day,
    may_still_dispute,
    open_disputes,
    raise_dispute,
    rejections_for,
    settle,
)
from sla.disputes.models import Dispute
from sla.disputes.reasons import reason_lists
from sla.handoffs.models.handoffs import Handoff
from smarketing.company import company_zone
from smarketing.database.keyset import PAGE_SIZE, Order
from smarketing.database.together import count_of, fetch_together
from smarketing.pages import wording
from smarketing.pages.paging import list_page
from teams.http import UserRequest
from teams.models import Role

# The reasons are counted of so many days.
COUNTED_DAYS = 90
BY_ANSWER = Order("answered_at", descending=True)

# Submitted forms with errors, to show again with their texts, by ("dispute", hand-off) or ("settlement", dispute).
InvalidForms = Mapping[tuple[str, int], forms.Form]


class DisputeForm(forms.Form):
    """Why a rejected lead should have been accepted."""

    text = forms.CharField(
        label=gettext_lazy("Why it should have been accepted"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class SettlementForm(forms.Form):
    """A manager's ruling."""

    upheld = forms.TypedChoiceField(
        label=gettext_lazy("Ruling"),
        choices=[
            ("yes", gettext_lazy("The rejection was wrong: offer it again")),
            ("no", gettext_lazy("The rejection stands")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect(attrs={"class": "chips"}),
        error_messages={"required": gettext_lazy("Say which it is.")},
    )
    ruling = forms.CharField(
        label=gettext_lazy("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip


@require_GET
def rejections(request: UserRequest) -> HttpResponse:
    """The rejections and their reasons, the latest first, and the disputes that wait for a ruling."""
    return _render_rejections(request)


def _render_rejections(request: UserRequest, invalid: InvalidForms | None = None, status: int = 200) -> HttpResponse:
    invalid, at, zone = invalid or {}, now(), company_zone()
    page = list_page(request, rejections_for(request.user), BY_ANSWER)
    context: dict[str, Any] = {
        "page": page,
        "rows": [
            {
                "handoff": handoff,
                "dispute": getattr(handoff, "dispute", None),
                "last_day": last_dispute_day(handoff, zone),
                "form": _dispute_form(handoff, invalid) if may_still_dispute(handoff, at=at, zone=zone) else None,
                "typing": ("dispute", handoff.pk) in invalid,
            }
            for handoff in page.rows
        ],
        "may_settle": request.user.has_role(Role.MANAGER),
        "counted_days": COUNTED_DAYS,
        "reason_lists": reason_lists(Question(last_days(at, zone), at=at)),
    }
    if context["may_settle"]:
        disputes, (context["dispute_count"],) = fetch_together(open_disputes()[:PAGE_SIZE], count_of(open_disputes()))
        context["disputes"] = [
            {"dispute": each, "form": invalid.get(("settlement", each.pk)) or _blank_form(SettlementForm, each.pk)}
            for each in disputes
        ]
    return render(request, "sla/disputes/rejections.html", context, status=status)


def last_days(at: datetime, zone: ZoneInfo) -> Period:
    """The days of which the reasons are counted, today included."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return Period(tomorrow - timedelta(days=COUNTED_DAYS), tomorrow, zone)


def _dispute_form(handoff: Handoff, invalid: InvalidForms) -> forms.Form:
    return invalid.get(("dispute", handoff.pk)) or _blank_form(DisputeForm, handoff.pk)


def _blank_form(form: type[forms.Form], pk: int) -> forms.Form:
    return form(auto_id=f"id_{pk}_%s")


@require_POST
def dispute(request: UserRequest, pk: int) -> HttpResponse:
    """Dispute a rejection."""
    handoff = get_object_or_404(rejections_for(request.user), pk=pk)
    form = DisputeForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        return _render_rejections(request, {("dispute", pk): form}, status=422)
    try:
        raise_dispute(handoff, form.cleaned_data["text"], by=request.user)
    except (Dispute.AlreadyDisputed, Dispute.NotRejected):
        messages.warning(request, _("Somebody disputed this rejection before. Nothing was changed."))
        return _render_rejections(request, status=409)
    except Dispute.TooLate:
        text = _("The last day to dispute it was %(day)s. Nothing was changed.")
        messages.warning(request, text % {"day": wording.day(last_dispute_day(handoff))})
        return _render_rejections(request, status=409)
    messages.success(request, _("The other side is told, and a manager settles it."))
    return redirect("rejections")


@require_POST
def settlement(request: UserRequest, pk: int) -> HttpResponse:
    """Settle a dispute."""
    stored = get_object_or_404(Dispute, pk=pk)
    form = SettlementForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        return _render_rejections(request, {("settlement", pk): form}, status=422)
    try:
        settle(stored, by=request.user, **form.cleaned_data)
    except Dispute.AlreadySettled:
        messages.warning(request, _("Somebody settled this dispute before. Nothing was changed."))
        return _render_rejections(request, status=409)
    messages.success(request, _("Settled. Both sides are told."))
    return redirect("rejections")
