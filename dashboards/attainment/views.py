"""Attainment: what both sides promised, and what it came to."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboards.attainment.page import Attained, AttainmentPage
from dashboards.numbers.sparkline import plotted
from sla.agreement.document.clauses import describe_clause, metric_label, metric_of
from sla.attainment.computing import is_computation_requested, request_computation
from sla.attainment.periods import PERIOD_OF, first_period
from sla.models import Agreement, Attainment, Calendar, Clause
from smarketing.company import company_zone
from teams.http import UserRequest
from teams.models import Organization

PLOTTED = 26


@require_GET
def attainment(request: UserRequest) -> HttpResponse:
    """The promises that cover today, or the day `on`; of all periods, or of weeks, months or quarters (`every`)."""
    at = now()
    today = at.astimezone(company_zone()).date()
    try:
        on = day_of(request.GET.get("on", ""), today)
    except ValueError as problem:
        messages.error(request, str(problem))
        return redirect("attainment")
    every = request.GET.get("every", "")
    if every and every not in PERIOD_OF:
        raise Http404
    page = AttainmentPage(on, at, every)
    context: dict[str, Any] = {
        "page": page,
        "is_asked": is_computation_requested(),
        "today": today,
        "kinds": kinds(on, every),
        "around": around(page),
        "is_promised": page.lines or Clause.objects.filter(agreement__in_force_from__isnull=False).exists(),
        "draft": Agreement.objects.draft().first(),
    }
    return render(request, "dashboards/attainment/attainment.html", context)


def day_of(text: str, today: date) -> date:
    """The day that is asked for. Raises `ValueError`, in the reader's words, for what is none or is yet to come."""
    if not text:
        return today
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("“%(text)s” is not a date such as 2026-04-01.") % {"text": text})
    if on > today:
        raise ValueError(_("That day has not come."))
    if on.year <= 2000:
        raise ValueError(_("That is too long ago."))
    return on


def kinds(on: date, every: str) -> list[dict[str, Any]]:
    """The choice of the period's kind, as tabs."""
    named = [("", _("All")), ("week", _("Weeks")), ("month", _("Months")), ("quarter", _("Quarters"))]
    return [{"label": label, "url": page_url(on, kind), "is_here": kind == every} for kind, label in named]


def around(page: AttainmentPage) -> dict[str, str]:
    """The pages of the periods before and after: of the longest kind that is shown one by one, else the week."""
    period = PERIOD_OF[Clause.Every(page.every or "week")](page.on)
    today = page.at.astimezone(period.zone).date()
    before, after = period.previous(), period.next()
    later = page_url(min(after.start, today), page.every) if after.start <= today else ""
    return {"previous": page_url(before.start, page.every), "next": later}


def page_url(on: date, every: str) -> str:
    words = {"on": on.isoformat()} | ({"every": every} if every else {})
    return f"{reverse('attainment')}?{urlencode(words)}"


@require_POST
def attainment_computation(request: UserRequest) -> HttpResponse:
    """Have everything computed again, as of now; the page shows it when it is done."""
    request_computation()
    on, every = request.POST.get("on", ""), request.POST.get("every", "")
    words = {name: text for name, text in (("on", on), ("every", every if every in PERIOD_OF else "")) if text}
    return redirect(f"{reverse('attainment')}?{urlencode(words)}" if words else "attainment")


@require_GET
def attainment_clause(request: UserRequest, key: UUID) -> HttpResponse:
    """One promise through all versions of the agreement, period by period."""
    at = now()
    signed = Clause.objects.filter(key=key, agreement__in_force_from__isnull=False)
    versions = list(signed.select_related("agreement", "team", "owner").order_by("-agreement__number"))
    if not versions:
        raise Http404
    hours, currency = Calendar.default().hours(at=at), Organization.ours().currency
    rows = Attainment.objects.filter(clause__key=key).select_related("clause__agreement").order_by("-ends_on")
    found = [Attained(row.clause, row, hours, currency) for row in rows]
    shown = [one for one in found if one.clause.every == versions[0].every][:PLOTTED]
    context = {
        "clause": versions[0],
        "name": metric_label(versions[0]),
        "words": describe_clause(versions[0]),
        "definition": getattr(metric_of(versions[0]), "definition", ""),
        "begins": first_period(versions[0]),
        "versions": [{"clause": clause, "words": describe_clause(clause)} for clause in versions],
        "lines": found,
        "plot": plotted([one.point for one in reversed(shown)], width=480, height=96),
        "computed_at": min((one.row.computed_at for one in found), default=None),
        "nav_here": "attainment",
    }
    return render(request, "dashboards/attainment/attainment_clause.html", context)
