"""The page of the funnel, for any days and in its three views."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from dashboards.numbers.forms import DAY, recent_quarter
from dashboards.numbers.funnel_forms import FunnelForm
from dashboards.numbers.funnel_table import EXPLANATIONS, funnel_context
from dashboards.numbers.past_note import describe_filling
from funnel.models import Journey
from metrics.period import Period
from metrics.question import Question, View
from teams.http import UserRequest


@require_GET
def funnel(request: UserRequest) -> HttpResponse:
    at = now()
    said = form_data(request, at)
    form = FunnelForm(said)
    context: dict[str, Any] = {"form": form, "is_empty": not Journey.objects.exists()}
    if form.is_valid():
        cleaned = form.cleaned_data
        view = View(cleaned["view"])
        question = Question(
            Period(cleaned["start"], cleaned["last"] + DAY),
            view=view.value,
            window_days=cleaned["window"] if view == View.COHORT else None,
            at=at,
        )
        context |= funnel_context(question, cleaned["by"]) | {"explained": EXPLANATIONS[view], "view": view, "at": at}
        context["filling"] = describe_filling([cleaned["by"]])
    return render(request, "dashboards/numbers/funnel.html", context, status=422 if form.errors else 200)


def form_data(request: UserRequest, at: datetime) -> Any:
    """The query with defaults: three months. `end`, the day after the last, is accepted in place of `last`."""
    quarter = recent_quarter(at)
    defaults = {"start": quarter.start, "last": quarter.end - DAY, "view": View.PERIOD.value, "by": "", "window": ""}
    query = {name: request.GET[name] for name in (*defaults, "end") if name in request.GET}
    if "end" in query and "last" not in query:
        end = forms.DateField().to_python(query["end"]) if _is_day(query["end"]) else None
        query["last"] = (end - DAY).isoformat() if end else query["end"]
    return {**defaults, **query}


def _is_day(text: str) -> bool:
    try:
        return datetime.fromisoformat(text) is not None and len(text) == 10
    except ValueError:
        return False
