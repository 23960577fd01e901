"""The funnel of any days, in its three views, whole or cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from dashboards.numbers import charts
from dashboards.numbers.asking import behind_url
from dashboards.numbers.forms import DAY, a_quarter
from funnel.models import Journey, Stage, StageRole
from metrics.period import Period
from metrics.question import ALL, Question, View, dimension
from metrics.rate import Row
from metrics.registry import metric
from teams.http import UserRequest

WINDOWS = (14, 30, 60, 90, 180, 365)
CUTS = ("", "month", "week", "source", "campaign", "country", "persona", "quadrant")
STEPS = list(zip(StageRole.values, StageRole.values[1:], strict=False))
EXPLAINED = {
    View.COHORT: gettext_lazy(
        "Of the leads that first entered a stage in these days, how many reached the next or a later one afterwards."
    ),
    View.PERIOD: gettext_lazy(
        "First entries in these days, and their share of the first entries into the stage before. It may exceed 100 %."
    ),
    View.STOCK: gettext_lazy("How many stood at a stage or beyond it at the end of these days."),
}


class FunnelForm(forms.Form):
    start = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    view = forms.ChoiceField(
        label=gettext_lazy("View"),
        choices=[(view.value, view.label) for view in View],
        widget=forms.RadioSelect(attrs={"class": "segments"}),
    )
    window = forms.TypedChoiceField(
        label=gettext_lazy("Within"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy("Cohort view only."),
    )
    by = forms.ChoiceField(label=gettext_lazy("Cut by"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["window"].choices = [  # type: ignore[attr-defined]
            ("", _("ever")),
            *((days, _("%(n)s days") % {"n": days}) for days in WINDOWS),
        ]
        self.fields["by"].choices = [  # type: ignore[attr-defined]
            (name, dimension(name).label if name else gettext_lazy("not at all")) for name in CUTS
        ]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("start") and said.get("last"):
            if said["last"] < said["start"]:
                self.add_error("last", _("The last day is not before the first."))
            elif said["last"] - said["start"] > timedelta(days=3700):
                self.add_error("last", _("Ask for ten years at most."))
        return said


@dataclass(frozen=True)
class Cell:
    """One step of one row: how many of how many, and where they are."""

    row: Row
    url: str
    of_url: str
    flagged_url: str


@dataclass(frozen=True)
class Line:
    """One row of the table: what entered the first stage, and what came of it at each step."""

    name: str
    cells: list[Cell]


@require_GET
def funnel(request: UserRequest) -> HttpResponse:
    at = now()
    said = asked_or_first(request, at)
    form = FunnelForm(said)
    context: dict[str, Any] = {"form": form, "is_empty": not Journey.objects.exists()}
    if form.is_valid():
        given = form.cleaned_data
        view = View(given["view"])
        question = Question(
            Period(given["start"], given["last"] + DAY),
            view=view.value,
            window_days=given["window"] if view == View.COHORT else None,
            at=at,
        )
        context |= answer(question, given["by"]) | {"explained": EXPLAINED[view], "view": view, "at": at}
    return render(request, "dashboards/numbers/funnel.html", context, status=422 if form.errors else 200)


def asked_or_first(request: UserRequest, at: datetime) -> Any:
    """What the address asks for; `end` (the day after the last) is understood too. Nothing asked: three months."""
    quarter = a_quarter(at)
    first = {"start": quarter.start, "last": quarter.end - DAY, "view": View.PERIOD.value, "by": "", "window": ""}
    said = {name: request.GET[name] for name in (*first, "end") if name in request.GET}
    if "end" in said and "last" not in said:
        end = forms.DateField().to_python(said["end"]) if _is_day(said["end"]) else None
        said["last"] = (end - DAY).isoformat() if end else said["end"]
    return {**first, **said}


def _is_day(text: str) -> bool:
    try:
        return datetime.fromisoformat(text) is not None and len(text) == 10
    except ValueError:
        return False


def answer(question: Question, by: str) -> dict[str, Any]:
    stages = {stage.role: stage for stage in Stage.objects.filter(role__isnull=False)}
    steps = [(stages[a], stages[b]) for a, b in STEPS]
    whole = line(_("All"), question, {step: metric("conversion").value(of_step(question, step)) for step in STEPS})
    standing = counted(whole, stages)
    found: dict[str, Any] = {"steps": steps, "total": whole, "stages": standing, "chart": funnel_chart(standing)}
    if by:
        found |= {
            "by": by,
            "heading": dimension(by).label,
            "lines": cut(question, by),
            "by_time": dimension(by).is_time,
        }
    return found | {"period": question.period, "is_mature": question.is_mature()}


def of_step(question: Question, step: tuple[str, str], by: str = "") -> Question:
    return replace(question, from_role=step[0], to_role=step[1], by=by)


def line(name: str, question: Question, rows: dict[tuple[str, str], Row], key: str = ALL, by: str = "") -> Line:
    return Line(name, [cell(of_step(question, step, by), row, key) for step, row in rows.items()])


def cell(question: Question, row: Row, key: str) -> Cell:
    return Cell(
        row,
        behind_url("conversion", question, key, was=row.numerator),
        behind_url("conversion", question, key, "denominator", was=row.denominator),
        behind_url("conversion", question, key, "flagged", was=row.flagged),
    )


def cut(question: Question, by: str) -> list[Line]:
    """One line a key, those with most leads first; weeks and months in their order."""
    tables = {step: {row.key: row for row in metric("conversion").rows(of_step(question, step, by))} for step in STEPS}
    keys = list(dict.fromkeys(key for rows in tables.values() for key in rows))
    one = dimension(by)
    if not one.is_time:
        keys.sort(key=lambda key: (-max((rows[key].denominator or 0) for rows in tables.values() if key in rows), key))
    empty = metric("conversion").empty
    return [
        line(one.say(key), question, {step: rows.get(key) or empty(key) for step, rows in tables.items()}, key, by)
        for key in keys[:200]
    ]


def counted(whole: Line, stages: dict[str | None, Stage]) -> list[dict[str, Any]]:
    """How many are at each stage: what the steps start from, and the outcome of the last."""
    found = [
        {"stage": stages[a], "n": each.row.denominator or 0, "url": each.of_url, "step": nth and whole.cells[nth - 1]}
        for nth, ((a, _b), each) in enumerate(zip(STEPS, whole.cells, strict=True))
    ]
    last = whole.cells[-1]
    return [*found, {"stage": stages[STEPS[-1][1]], "n": last.row.numerator, "url": last.url, "step": last}]


def funnel_chart(found: list[dict[str, Any]]) -> charts.Figure:
    return charts.funnel(
        [str(each["stage"]) for each in found],
        [each["n"] for each in found],
        [each["url"] for each in found],
        [each["stage"].party for each in found],
    )
