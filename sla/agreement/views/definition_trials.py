"""Trying a definition on one lead."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from funnel.models import Definition
from leads.criteria import BadCriteria, Explained, StandIn, explain, stand_ins
from leads.models import Lead
from leads.registering.searching import search
from metrics.question import MICROSECOND
from smarketing.company import company_zone
from smarketing.requests.whole_numbers import parse_whole_number
from teams.http import UserRequest

SUGGESTIONS = 5


@require_GET
def definition_trial(request: UserRequest, stage: int, number: int) -> HttpResponse:
    """Explain for one lead which conditions of the definition hold."""
    definition = get_object_or_404(Definition.objects.select_related("stage"), stage=stage, number=number)
    context = {
        "definition": definition,
        "stage": definition.stage,
        "nav_here": "definitions",
        **trial_context(request, definition),
    }
    template = "sla/agreement/definition_trial.html#card" if request.htmx else "sla/agreement/definition_trial.html"
    return render(request, template, context)


def trial_context(request: UserRequest, definition: Definition) -> dict[str, Any]:
    """The lead that is tried, as it is now or, with `on`, as it was at the end of that day."""
    words, chosen = request.GET.get("q", "").strip(), parse_whole_number(request.GET.get("lead", ""))
    matches = list(search(Lead.objects.unmerged(), words).select_related("company")[:SUGGESTIONS]) if words else []
    as_of, refused = _end_of_day(request.GET.get("on", "").strip())
    first_match = matches[0] if matches else None
    lead = first_match if chosen is None else Lead.objects.unmerged().filter(pk=chosen).first()
    return {
        "try_words": words,
        "try_lead": lead,
        "try_told": _explain(definition, lead, as_of) if lead else None,
        "try_on": as_of.date() if as_of else None,
        "try_on_query": f"&on={as_of.date().isoformat()}" if as_of else "",
        "try_stand_ins": _stand_ins(definition, as_of) if lead and as_of else [],
        "try_errors": refused,
        "try_others": [match for match in matches if match != lead],
    }


def _end_of_day(text: str) -> tuple[datetime | None, str]:
    """The last moment of a company day that is over, and why it is none."""
    if not text:
        return None, ""
    zone = company_zone()
    try:
        day = date.fromisoformat(text)
        ends_at = datetime.combine(day + timedelta(days=1), time(), zone) - MICROSECOND
    except (ValueError, OverflowError):
        return None, _("“%(text)s” is not a date such as 2026-04-01.") % {"text": text}
    return (ends_at, "") if ends_at < now() else (None, _("That day is not over."))


def _explain(definition: Definition, lead: Lead, as_of: datetime | None) -> Explained | None:
    if definition.criteria is None:
        return None
    try:
        return explain(definition.criteria, lead.pk, as_of=as_of)
    except BadCriteria:
        return None


def _stand_ins(definition: Definition, as_of: datetime) -> list[StandIn]:
    """For what share of all leads the past of what it asks is not known."""
    try:
        return stand_ins(definition.criteria or {"all": []}, as_of)
    except BadCriteria:
        return []
