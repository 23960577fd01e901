"""The funnel of a period as a table and a chart, whole or cut by a dimension."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.numbers import charts
from dashboards.numbers.question_urls import behind_url
from funnel.models import Stage, StageRole
from metrics.question import ALL, Question, View, dimension
from metrics.rate import Row
from metrics.registry import metric
from smarketing.database.together import Asked

MOST_LINES = 200
STEPS = list(zip(StageRole.values, StageRole.values[1:], strict=False))
EXPLANATIONS = {
    View.COHORT: gettext_lazy(
        "Of the leads that first entered a stage in these days, how many reached the next or a later one afterwards."
    ),
    View.PERIOD: gettext_lazy(
        "First entries in these days, and their share of the first entries into the stage before. It may exceed 100 %."
    ),
    View.STOCK: gettext_lazy("How many stood at a stage or beyond it at the end of these days."),
}


@dataclass(frozen=True)
class Cell:
    """One step of the funnel in one row: how many of how many, with the URLs of their leads."""

    row: Row
    url: str
    of_url: str
    flagged_url: str


@dataclass(frozen=True)
class Line:
    """One row of the table, with a cell a step."""

    name: str
    cells: list[Cell]


def funnel_context(question: Question, by: str) -> dict[str, Any]:
    stages: dict[str | None, Stage] = {stage.role: stage for stage in Stage.objects.known() if stage.role}
    steps = [(stages[a], stages[b]) for a, b in STEPS]
    totals = [metric("conversion").asked_value(step_question(question, step)) for step in STEPS]
    parts = [Asked.all_of(totals), *([asked_lines(question, by)] if by else [])]
    rows, *lines = Asked.all_of(parts).fetch()
    total = table_line(_("All"), question, dict(zip(STEPS, rows, strict=True)))
    standing = stage_counts(total, stages)
    context: dict[str, Any] = {"steps": steps, "total": total, "stages": standing, "chart": funnel_chart(standing)}
    if by:
        context |= {
            "by": by,
            "heading": dimension(by).label,
            "lines": lines[0],
            "by_time": dimension(by).is_time,
        }
    return context | {"period": question.period, "is_mature": question.is_mature()}


def step_question(question: Question, step: tuple[str, str], by: str = "") -> Question:
    return replace(question, from_role=step[0], to_role=step[1], by=by)


def table_line(name: str, question: Question, rows: dict[tuple[str, str], Row], key: str = ALL, by: str = "") -> Line:
    return Line(name, [table_cell(step_question(question, step, by), row, key) for step, row in rows.items()])


def table_cell(question: Question, row: Row, key: str) -> Cell:
    return Cell(
        row,
        behind_url("conversion", question, key, was=row.numerator),
        behind_url("conversion", question, key, "denominator", was=row.denominator),
        behind_url("conversion", question, key, "flagged", was=row.flagged),
    )


def asked_lines(question: Question, by: str) -> Asked[list[Line]]:
    """One line a key: weeks and months in their order, else those with most leads first. To be asked with what else the
    page shows."""
    asked = Asked.all_of([metric("conversion").asked(step_question(question, step, by)) for step in STEPS])
    return Asked(asked.querysets, lambda *found: _lines_of(asked.make(*found), question, by))


def _lines_of(answers: list[list[Row]], question: Question, by: str) -> list[Line]:
    tables = {step: {row.key: row for row in rows} for step, rows in zip(STEPS, answers, strict=True)}
    keys = list(dict.fromkeys(key for rows in tables.values() for key in rows))
    cut_by = dimension(by)
    if not cut_by.is_time:
        keys.sort(key=lambda key: (-max((rows[key].denominator or 0) for rows in tables.values() if key in rows), key))
    empty = metric("conversion").empty
    shown = keys[:MOST_LINES]
    labels = cut_by.key_labels(shown)
    return [
        table_line(
            labels[key],
            question,
            {step: rows.get(key) or empty(key) for step, rows in tables.items()},
            key,
            by,
        )
        for key in shown
    ]


def stage_counts(total: Line, stages: dict[str | None, Stage]) -> list[dict[str, Any]]:
    """The count of each stage: where each step starts from, and where the last one leads to."""
    counts = [
        {"stage": stages[a], "n": cell.row.denominator or 0, "url": cell.of_url, "step": n and total.cells[n - 1]}
        for n, ((a, _b), cell) in enumerate(zip(STEPS, total.cells, strict=True))
    ]
    last = total.cells[-1]
    return [*counts, {"stage": stages[STEPS[-1][1]], "n": last.row.numerator, "url": last.url, "step": last}]


def funnel_chart(counts: list[dict[str, Any]]) -> charts.Figure:
    return charts.funnel(
        [str(count["stage"]) for count in counts],
        [count["n"] for count in counts],
        [count["url"] for count in counts],
        [count["stage"].party for count in counts],
    )
