"""Rejections, as the offering side sees them, and what is disputed about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sla.disputes.disputing import (
    Already,
    NotRejected,
    TooLate,
    is_in_time,
    last_day,
    open_disputes,
    rejected,
    settle,
)
from sla.disputes.disputing import dispute as begin_dispute
from sla.disputes.models import Dispute
from sla.handoffs.models.handoffs import Handoff
from smarketing.company import company_zone
from smarketing.database.keyset import Order
from smarketing.pages import wording
from smarketing.pages.paging import list_page
from teams.http import UserRequest
from teams.models import Role

LATEST = Order("answered_at", descending=True)

# What somebody typed that does not hold yet, by ("dispute", hand-off) or ("settlement", dispute).
Typed = Mapping[tuple[str, int], forms.Form]


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
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect(attrs={"class": "chips"}),
        error_messages={"required": gettext_lazy("Say which it is.")},
    )
    ruling = forms.CharField(
        label=gettext_lazy("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip


@require_GET
def rejections(request: UserRequest) -> HttpResponse:
    """What was rejected and why, the latest first, and what waits for a ruling."""
    return _page(request)


def _page(request: UserRequest, typed: Typed | None = None, status: int = 200) -> HttpResponse:
    typed, at, zone = typed or {}, now(), company_zone()
    page = list_page(request, rejected(request.user), LATEST)
    context: dict[str, Any] = {
        "page": page,
        "rows": [
            {
                "handoff": handoff,
                "dispute": getattr(handoff, "dispute", None),
                "last_day": last_day(handoff, zone),
                "form": _dispute_form(handoff, typed) if is_in_time(handoff, at=at, zone=zone) else None,
                "typing": ("dispute", handoff.pk) in typed,
            }
            for handoff in page.rows
        ],
        "may_settle": request.user.has_role(Role.MANAGER),
    }
    if context["may_settle"]:
        context["disputes"] = [
            {"dispute": each, "form": typed.get(("settlement", each.pk)) or _blank(SettlementForm, each.pk)}
            for each in open_disputes()
        ]
    return render(request, "sla/disputes/rejections.html", context, status=status)


def _dispute_form(handoff: Handoff, typed: Typed) -> forms.Form:
    return typed.get(("dispute", handoff.pk)) or _blank(DisputeForm, handoff.pk)


def _blank(form: type[forms.Form], pk: int) -> forms.Form:
    return form(auto_id=f"id_{pk}_%s")


@require_POST
def dispute(request: UserRequest, pk: int) -> HttpResponse:
    """Say why a rejected hand-off should have been accepted."""
    handoff = get_object_or_404(rejected(request.user), pk=pk)
    form = DisputeForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        return _page(request, {("dispute", pk): form}, status=422)
    try:
        begin_dispute(handoff, form.cleaned_data["text"], by=request.user)
    except (Already, NotRejected):
        messages.warning(request, _("Somebody disputed this rejection before. Nothing was changed."))
        return _page(request, status=409)
    except TooLate:
        text = _("The last day to dispute it was %(day)s. Nothing was changed.")
        messages.warning(request, text % {"day": wording.day(last_day(handoff))})
        return _page(request, status=409)
    messages.success(request, _("The other side is told, and a manager settles it."))
    return redirect("rejections")


@require_POST
def settlement(request: UserRequest, pk: int) -> HttpResponse:
    """Decide a dispute."""
    made = get_object_or_404(Dispute, pk=pk)
    form = SettlementForm(request.POST, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        return _page(request, {("settlement", pk): form}, status=422)
    try:
        settle(made, by=request.user, **form.cleaned_data)
    except Already:
        messages.warning(request, _("Somebody settled this dispute before. Nothing was changed."))
        return _page(request, status=409)
    messages.success(request, _("Settled. Both sides are told."))
    return redirect("rejections")
