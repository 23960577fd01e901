"""The board of the four quadrants: how many leads lie where in the plane of fit and interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Value
from django.db.models.functions import Coalesce, Least, NullIf

from leads.models import Lead
from scoring.formula import MILLION
from scoring.models import Quadrant, Score, ScoreModel

# The board's field is cut into so many columns and rows.
STEPS = 10


@dataclass
class Cell:
    """One quadrant of the board."""

    quadrant: Quadrant
    # What the agreement says about such leads.
    actions: Sequence[str] = ()
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
