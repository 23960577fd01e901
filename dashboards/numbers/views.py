"""The dictionary of metrics: the definition of each, and its answer to any question."""

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
from dashboards.numbers.forms import NumberForm, initial_question
from dashboards.numbers.past_note import describe_filling
from dashboards.numbers.question_urls import behind_url
from metrics.answers import describe_remarks, format_answer
from metrics.question import ALL, BadQuestion, Question, dimension
from metrics.rate import Row
from metrics.registry import Metric, Unit, UnknownMetric, metric, metrics
from smarketing.pages import wording
from teams.http import UserRequest
from teams.models import Organization
from teams.permissions import people_shown_to

# The field of the form for a wrong field of the question, where the names differ.
FIELDS = {"from": "from_role", "to": "to_role"}


@dataclass(frozen=True)
class Line:
    """One row of an answer, in words and with the URLs of its leads."""

    row: Row
    name: str
    value: str
    url: str
    of_url: str
    flagged_url: str
    remarks: str


@require_GET
def metrics_page(request: UserRequest) -> HttpResponse:
    """All metrics with their definitions in both languages."""
    return render(
        request,
        "dashboards/numbers/metrics.html",
        {"metrics": [describe_in_both_languages(metric) for metric in metrics()]},
    )


def describe_in_both_languages(metric: Metric) -> dict[str, Any]:
    other = "en" if wording.japanese() else "ja"
    with override(other):
        translated = {"label": str(metric.label), "definition": str(metric.definition)}
    cuts = [str(dimension(name).label) for name in metric.dimensions]
    views = [str(view.label) for view in metric.views] if len(metric.views) > 1 else []
    return {"one": metric, "there": translated, "language": other, "cuts": cuts, "views": views}


@require_GET
def metric_page(request: UserRequest, name: str) -> HttpResponse:
    try:
        one = metric(name)
    except UnknownMetric:
        raise Http404
    at = now()
    first = initial_question(one, at)
    form = NumberForm(one, request.GET if "start" in request.GET else first, initial=first)
    context: dict[str, Any] = {
        "form": form,
        "metric": one,
        "nav_here": "metrics",
        "both": describe_in_both_languages(one),
    }
    status = 200
    if form.is_valid():
        context |= answer_context(one, form, form.question(at, people_shown_to(request.user)))
    if form.errors:
        status = 422
    return render(request, "dashboards/numbers/metric.html", context, status=status)


def answer_context(metric: Metric, form: NumberForm, question: Question) -> dict[str, Any]:
    """The answer as lines and a chart. A question that the metric refuses is added to the form as an error."""
    try:
        question = metric.accept(question)
        rows = metric.rows(question)
    except BadQuestion as error:
        field = FIELDS.get(error.field, error.field)
        form.add_error(field if field in form.fields else None, str(error))
        return {}
    currency = Organization.ours().currency
    lines = answer_lines(metric, question, rows, currency)
    return {
        "lines": lines,
        "question": question,
        "heading": dimension(question.by).label if question.by else "",
        "chart": answer_chart(metric, question, lines)
        if question.by and any(row.value is not None for row in rows)
        else None,
        "is_rate": metric.unit == Unit.RATE,
        "at": question.at,
        "filling": describe_filling([question.by, *question.filters]),
    }


def answer_lines(metric: Metric, question: Question, rows: list[Row], currency: str) -> list[Line]:
    labels = dimension(question.by).key_labels(row.key for row in rows) if question.by else {ALL: _("All")}
    return [answer_line(metric, question, row, currency, labels[row.key]) for row in rows]


def answer_line(metric: Metric, question: Question, row: Row, currency: str, name: str) -> Line:
    return Line(
        row,
        name,
        format_answer(metric.unit, row, currency),
        behind_url(metric.name, question, row.key, was=row.numerator),
        behind_url(metric.name, question, row.key, "denominator", was=row.denominator),
        behind_url(metric.name, question, row.key, "flagged", was=row.flagged),
        describe_remarks(metric, row) if not row.mature or row.flagged else "",
    )


def answer_chart(metric: Metric, question: Question, lines: list[Line]) -> charts.Figure:
    values = [None if line.row.value is None else float(line.row.value) for line in lines]
    if metric.unit == Unit.DURATION:
        values = [None if value is None else value / 3600 for value in values]
    return charts.values(
        [line.name for line in lines],
        values,
        [line.url for line in lines],
        # As the table beside it writes them: what is not 1 is never "100%", and 3 of 4 is no percentage.
        texts=[line.value for line in lines],
        share=metric.unit == Unit.RATE,
        over_time=dimension(question.by).is_time,
    )
