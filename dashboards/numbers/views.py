"""The shared dictionary of numbers: what each is, and its answer to any question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET

from dashboards.numbers import charts
from dashboards.numbers.asking import behind_url
from dashboards.numbers.forms import NumberForm, first_question
from metrics.management.commands.metric import remarks
from metrics.question import BadQuestion, Question, dimension
from metrics.rate import Row
from metrics.registry import Metric, Unit, UnknownMetric, metric, metrics
from smarketing.pages import wording
from teams.http import UserRequest
from teams.models import Organization

# Which field of the form is wrong, by the word of the question that is.
FIELDS = {"from": "from_role", "to": "to_role"}


@dataclass(frozen=True)
class Line:
    """One row of an answer, in words, with the addresses of its rows."""

    row: Row
    name: str
    value: str
    url: str
    of_url: str
    flagged_url: str
    remarks: str


@require_GET
def metrics_page(request: UserRequest) -> HttpResponse:
    """Every number with its definition, in both languages: this is what we mean by it."""
    return render(request, "dashboards/numbers/metrics.html", {"metrics": [in_both(one) for one in metrics()]})


def in_both(one: Metric) -> dict[str, Any]:
    other = "en" if wording.japanese() else "ja"
    with override(other):
        there = {"label": str(one.label), "definition": str(one.definition)}
    cuts = [str(dimension(name).label) for name in one.dimensions]
    views = [str(view.label) for view in one.views] if len(one.views) > 1 else []
    return {"one": one, "there": there, "language": other, "cuts": cuts, "views": views}


@require_GET
def metric_page(request: UserRequest, name: str) -> HttpResponse:
    try:
        one = metric(name)
    except UnknownMetric:
        raise Http404
    at = now()
    first = first_question(one, at)
    form = NumberForm(one, request.GET if "start" in request.GET else first, initial=first)
    context: dict[str, Any] = {"form": form, "metric": one, "nav_here": "metrics", "both": in_both(one)}
    status = 200
    if form.is_valid():
        context |= answered(one, form, form.question(at))
    if form.errors:
        status = 422
    return render(request, "dashboards/numbers/metric.html", context, status=status)


def answered(one: Metric, form: NumberForm, question: Question) -> dict[str, Any]:
    """The answer as lines and a figure; a question that the metric refuses is an error at its field."""
    try:
        question = one.accept(question)
        rows = one.rows(question)
    except BadQuestion as problem:
        field = FIELDS.get(problem.field, problem.field)
        form.add_error(field if field in form.fields else None, str(problem))
        return {}
    currency = Organization.ours().currency
    lines = [line(one, question, row, currency) for row in rows]
    return {
        "lines": lines,
        "question": question,
        "heading": dimension(question.by).label if question.by else "",
        "chart": chart(one, question, lines) if question.by and any(row.value is not None for row in rows) else None,
        "is_rate": one.unit == Unit.RATE,
        "at": question.at,
    }


def line(one: Metric, question: Question, row: Row, currency: str) -> Line:
    return Line(
        row,
        dimension(question.by).say(row.key) if question.by else _("All"),
        shown(one, row, currency),
        behind_url(one.name, question, row.key, was=row.numerator),
        behind_url(one.name, question, row.key, "denominator", was=row.denominator),
        behind_url(one.name, question, row.key, "flagged", was=row.flagged),
        remarks(one, row) if not row.mature or row.flagged else "",
    )


def shown(one: Metric, row: Row, currency: str) -> str:
    """The value of a row, in the manner of its unit."""
    if one.unit == Unit.RATE:
        return wording.percent(row.value)
    if one.unit == Unit.DURATION:
        return wording.duration(row.value)
    if one.unit == Unit.MONEY:
        return wording.money(row.value, currency)
    return wording.number(row.value)


def chart(one: Metric, question: Question, lines: list[Line]) -> charts.Figure:
    values = [None if each.row.value is None else float(each.row.value) for each in lines]
    if one.unit == Unit.DURATION:
        values = [None if value is None else value / 3600 for value in values]
    return charts.values(
        [each.name for each in lines],
        values,
        [each.url for each in lines],
        share=one.unit == Unit.RATE,
        over_time=dimension(question.by).is_time,
    )
