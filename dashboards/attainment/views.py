"""Attainment: what both sides committed to, and what it came to."""

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

from dashboards.attainment.attained import Attained
from dashboards.attainment.page import AttainmentPage
from dashboards.numbers.sparkline import draw_sparkline
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
    """The clauses around today, or the day `on`; all, or those by week, month or quarter (`every`)."""
    at = now()
    today = at.astimezone(company_zone()).date()
    try:
        on = day_of(request.GET.get("on", ""), today)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("attainment")
    every = request.GET.get("every", "")
    if every and every not in PERIOD_OF:
        raise Http404
    page = AttainmentPage(on, at, every)
    context: dict[str, Any] = {
        "page": page,
        "is_asked": is_computation_requested(),
        "today": today,
        "kinds": period_tabs(on, every),
        "around": neighbours(page),
        "is_promised": page.lines or Clause.objects.filter(agreement__in_force_from__isnull=False).exists(),
        "draft": Agreement.objects.drafts().first(),
    }
    return render(request, "dashboards/attainment/attainment.html", context)


def day_of(text: str, today: date) -> date:
    """Parse the day. Raises `ValueError`, with a message in the reader's language, for no date or one in the future."""
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


def period_tabs(on: date, every: str) -> list[dict[str, Any]]:
    """Tabs to choose the kind of period."""
    named = [("", _("All")), ("week", _("Weeks")), ("month", _("Months")), ("quarter", _("Quarters"))]
    return [{"label": label, "url": page_url(on, kind), "is_here": kind == every} for kind, label in named]


def neighbours(page: AttainmentPage) -> dict[str, str]:
    """URLs of the periods before and after: of the kind chosen, else of the week."""
    period = PERIOD_OF[Clause.Every(page.every or "week")](page.on)
    today = page.at.astimezone(period.zone).date()
    before, after = period.previous(), period.next()
    later = page_url(min(after.start, today), page.every) if after.start <= today else ""
    return {"previous": page_url(before.start, page.every), "next": later}


def page_url(on: date, every: str) -> str:
    query = {"on": on.isoformat()} | ({"every": every} if every else {})
    return f"{reverse('attainment')}?{urlencode(query)}"


@require_POST
def attainment_computation(request: UserRequest) -> HttpResponse:
    """Have everything computed again; the page shows it when it is done."""
    request_computation()
    on, every = request.POST.get("on", ""), request.POST.get("every", "")
    query = {name: text for name, text in (("on", on), ("every", every if every in PERIOD_OF else "")) if text}
    return redirect(f"{reverse('attainment')}?{urlencode(query)}" if query else "attainment")


@require_GET
def attainment_clause(request: UserRequest, key: UUID) -> HttpResponse:
    """One clause through all versions of the agreement, period by period."""
    at = now()
    signed = Clause.objects.filter(key=key, agreement__in_force_from__isnull=False)
    versions = list(signed.select_related("agreement", "team", "owner").order_by("-agreement__number"))
    if not versions:
        raise Http404
    hours, currency = Calendar.default().hours(at=at), Organization.ours().currency
    rows = Attainment.objects.filter(clause__key=key).select_related("clause__agreement").order_by("-ends_on")
    attained = [Attained(row.clause, row, hours, currency) for row in rows]
    plotted_lines = [line for line in attained if line.clause.every == versions[0].every][:PLOTTED]
    context = {
        "clause": versions[0],
        "name": metric_label(versions[0]),
        "words": describe_clause(versions[0]),
        "definition": getattr(metric_of(versions[0]), "definition", ""),
        "begins": first_period(versions[0]),
        "versions": [{"clause": clause, "words": describe_clause(clause)} for clause in versions],
        "lines": attained,
        "plot": draw_sparkline([line.point for line in reversed(plotted_lines)], width=480, height=96),
        "computed_at": min((line.row.computed_at for line in attained), default=None),
        "nav_here": "attainment",
    }
    return render(request, "dashboards/attainment/attainment_clause.html", context)
