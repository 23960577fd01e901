"""Pages of the score model, its versions, and the four quadrants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Value
from django.db.models.functions import Coalesce, Least, NullIf
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import Lead
from scoring.drafts.drafting import current_model, get_draft, next_model
from scoring.formula import MILLION
from scoring.models import InterestRule, Quadrant, Score, ScoreModel
from scoring.reading import describe_rule, describe_rule_with_points, rule_title
from smarketing.pages.navigation import may_open, url_of
from teams.http import UserRequest

# The board's field is cut into so many columns and rows.
STEPS = 10


def state_of(model: ScoreModel, at: datetime) -> str:
    """Where it is on its way: draft, proposed, coming, in_force, replaced or never."""
    if model.published_at is None:
        return "draft"
    if model.in_force_from is None:
        return "proposed"
    if model.replaced_at and model.replaced_at <= model.in_force_from:
        return "never"
    if model.replaced_at and model.replaced_at <= at:
        return "replaced"
    return "coming" if model.in_force_from > at else "in_force"


def rules_of(model: ScoreModel) -> dict[str, Any]:
    """What a page needs to show a model."""
    return {
        "model": model,
        "state": state_of(model, now()),
        "fit_rules": [(rule, describe_rule_with_points(rule)) for rule in model.fit_rules.all()],
        "interest_rules": list(model.interest_rules.select_related("kind")),
    }


@require_GET
def scoring(request: UserRequest) -> HttpResponse:
    """The model that counts, and what is to come."""
    at = now()
    model, draft = current_model(at), get_draft()
    versions = [(each, state_of(each, at)) for each in ScoreModel.objects.select_related("created_by")]
    context: dict[str, Any] = {"coming": next_model(at), "draft": draft, "versions": versions}
    context["may_edit"] = may_open(request.user, "score_draft")
    if model is not None:
        context |= rules_of(model)
    return render(request, "scoring/scoring.html", context)


@require_GET
def score_model(request: UserRequest, number: int) -> HttpResponse:
    """One version, as it is or was."""
    model = get_object_or_404(ScoreModel.objects.select_related("created_by"), number=number)
    if model.published_at is None and may_open(request.user, "score_draft"):
        return redirect("score_draft")
    before = ScoreModel.objects.filter(number__lt=number).first()
    return render(request, "scoring/score_model.html", rules_of(model) | {"before": before, "nav_here": "scoring"})


# Comparing


@dataclass(frozen=True)
class Line:
    """One rule of two versions: as it was and as it is; None where there is none."""

    what: str
    before: Any = None
    after: Any = None

    @property
    def kind(self) -> str:
        if self.before == self.after:
            return "same"
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "changed"


def compare_rules(older: ScoreModel, newer: ScoreModel) -> dict[str, list[Line]]:
    return {
        "thresholds": [
            Line(_("Fit is high from"), older.fit_threshold, newer.fit_threshold),
            Line(_("Interest is high from"), older.interest_threshold, newer.interest_threshold),
        ],
        "fit": compare_fit_rules(older, newer),
        "interest": compare_interest_rules(older, newer),
    }


def compare_fit_rules(older: ScoreModel, newer: ScoreModel) -> list[Line]:
    """Rules are the same where they read the same."""
    before, after = ([(describe_rule(rule), rule) for rule in each.fit_rules.all()] for each in (older, newer))
    lines = []
    for words, rule in before:
        twin = next((each for each in after if each[0] == words), None)
        if twin:
            after.remove(twin)
        lines.append(Line(rule_title(twin[1] if twin else rule), rule.points, twin[1].points if twin else None))
    return lines + [Line(rule_title(rule), None, rule.points) for _words, rule in after]


def compare_interest_rules(older: ScoreModel, newer: ScoreModel) -> list[Line]:
    before, after = (
        {rule.kind: describe_worth(rule) for rule in each.interest_rules.select_related("kind")}
        for each in (older, newer)
    )
    kinds = sorted(before.keys() | after.keys(), key=lambda kind: kind.pk)
    return [Line(str(kind), before.get(kind), after.get(kind)) for kind in kinds]


def describe_worth(rule: InterestRule) -> dict[str, Decimal | None]:
    return {"points": rule.points, "cap": rule.cap, "half_life": rule.half_life_days}


@require_GET
def score_comparison(request: UserRequest) -> HttpResponse:
    """Two versions beside each other."""
    every = list(ScoreModel.objects.order_by("number"))
    if len(every) < 2:
        return redirect("scoring")
    newer = chosen_models(every, request.GET.get("b")) or every[-1]
    older = chosen_models(every, request.GET.get("a")) or (current_model() if current_model() != newer else None)
    older = older or next((each for each in reversed(every) if each.number < newer.number), every[0])
    lines = compare_rules(older, newer)
    changed = sum(line.kind != "same" for part in lines.values() for line in part)
    context = {"versions": every, "older": older, "newer": newer, "lines": lines, "changed": changed}
    return render(request, "scoring/score_comparison.html", context | {"nav_here": "scoring"})


def chosen_models(every: list[ScoreModel], number: str | None) -> ScoreModel | None:
    return next((each for each in every if str(each.number) == number), None)


# The board


@dataclass
class Cell:
    """One quadrant of the board."""

    quadrant: Quadrant
    count: int = 0
    by_people: int = 0
    url: str = ""


@dataclass(frozen=True)
class Dot:
    """Leads of about the same fit and interest."""

    x: float
    y: float
    radius: float
    count: int


def shares() -> list[Any]:
    """How many leads lie in each quadrant and in each small square of fit and interest, in one query."""
    merged = Lead.objects.filter(pk=OuterRef("pk"), merged_into__isnull=False)
    step = 100 * MILLION // STEPS

    def square(name: str) -> Least:
        return Least(F(name) / Value(step), Value(STEPS - 1), output_field=IntegerField())

    scores = Score.objects.filter(~Exists(merged)).annotate(
        counted=Coalesce(NullIf("override", Value("")), "machine_quadrant"),
        column=square("interest"),
        row=square("fit"),
    )
    return list(
        scores.values("counted", "column", "row").annotate(
            n=Count("pk"), by_people=Count(NullIf("override", Value("")))
        )
    )


@require_GET
def quadrants(request: UserRequest) -> HttpResponse:
    """The four quadrants: how many leads, and what is agreed to do with them."""
    model = current_model()
    page = url_of("leads")
    cells = {each: Cell(each, url=f"{page}?quadrant={each.value}" if page else "") for each in Quadrant}
    squares: dict[tuple[int, int], int] = {}
    for found in shares():
        cell = cells[Quadrant(found["counted"])]
        cell.count += found["n"]
        cell.by_people += found["by_people"]
        place = found["column"], found["row"]
        squares[place] = squares.get(place, 0) + found["n"]
    most = max(squares.values(), default=1)
    context = {
        "model": model,
        "cells": cells,
        "total": sum(cell.count for cell in cells.values()),
        "dots": [dot(place, count, most) for place, count in sorted(squares.items())],
        "board": board(model) if model else None,
    }
    return render(request, "scoring/quadrants.html", context)


# The drawing's field, in its own units: interest to the right, fit upwards.
LEFT, RIGHT, TOP, BOTTOM = 24, 524, 22, 322


def dot(place: tuple[int, int], count: int, most: int) -> Dot:
    column, row = place
    width, height = (RIGHT - LEFT) / STEPS, (BOTTOM - TOP) / STEPS
    return Dot(
        round(LEFT + (column + 0.5) * width, 1),
        round(BOTTOM - (row + 0.5) * height, 1),
        round(1.5 + 12 * (count / most) ** 0.5, 1),
        count,
    )


def board(model: ScoreModel) -> dict[str, Any]:
    """Where the thresholds lie in the drawing, and the four fields around them."""
    x = round(LEFT + (RIGHT - LEFT) * float(model.interest_threshold) / 100, 1)
    y = round(BOTTOM - (BOTTOM - TOP) * float(model.fit_threshold) / 100, 1)
    sides = {
        Quadrant.NURTURE: (LEFT, TOP, x, y),
        Quadrant.HOT: (x, TOP, RIGHT, y),
        Quadrant.DROP: (LEFT, y, x, BOTTOM),
        Quadrant.OPPORTUNISTIC: (x, y, RIGHT, BOTTOM),
    }
    fields = [
        {
            "quadrant": each,
            "x": left,
            "y": top,
            "width": round(right - left, 1),
            "height": round(bottom - top, 1),
            # Outside of the field, where no dot lies.
            "name_y": TOP - 8 if top == TOP else BOTTOM + 16,
        }
        for each, (left, top, right, bottom) in sides.items()
    ]
    return {"x": x, "y": y, "fields": fields}
