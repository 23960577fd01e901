"""Where one lead stands: its way through the stages, and its place between fit and interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from funnel.models import Definition, Journey, Stage, Transition
from scoring.formula import MILLION
from scoring.models import Quadrant, Score

# The plot's field, in its own units: interest to the right, fit upwards.
LEFT, RIGHT, TOP, BOTTOM = 20, 296, 4, 212
GAP = 4


@dataclass(frozen=True)
class Place:
    """One stage of the funnel as one lead knows it."""

    stage: Stage
    # "past", "here" or "" for a stage not reached.
    state: str
    entered_at: datetime | None
    times: int
    definition: Definition | None


def journey_of(journey: Journey | None, steps: Sequence[Transition]) -> list[Place]:
    """Every stage, with the last time the lead entered it. A stage it only skipped is not invented."""
    entries: dict[int, list[Transition]] = {}
    for step in steps:
        if step.to_stage_id is not None:
            entries.setdefault(step.to_stage_id, []).append(step)
    places = []
    for stage in Stage.objects.all():
        entered = entries.get(stage.pk, [])
        is_here = journey is not None and journey.stage_id == stage.pk
        state = "here" if is_here else "past" if entered else ""
        last = entered[-1] if entered else None
        places.append(
            Place(stage, state, last.at if last else None, len(entered), last.definition if last and is_here else None)
        )
    return places


@dataclass(frozen=True)
class Cell:
    x: float
    y: float
    width: float
    height: float
    quadrant: Quadrant
    is_here: bool

    @property
    def is_right(self) -> bool:
        return self.quadrant in (Quadrant.HOT, Quadrant.OPPORTUNISTIC)

    @property
    def name_x(self) -> float:
        # At the outer corners: who stands near a threshold is not written over.
        return self.x + self.width - 10 if self.is_right else self.x + 10

    @property
    def name_y(self) -> float:
        # The upper ones are named at the top, the lower ones at the bottom: at the corners of the whole.
        return self.y + 20 if self.y < TOP + 1 else self.y + self.height - 10


@dataclass(frozen=True)
class Plot:
    """Fit against interest, with the thresholds of the model that made the score."""

    cells: list[Cell]
    x: float
    y: float
    threshold_x: float
    threshold_y: float
    label_x: float
    label_y: float
    label_end: bool
    fit_from: int
    interest_from: int


def across(interest: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * interest / 100, 1)


def up(fit: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * fit / 100, 1)


def plotted(score: Score) -> Plot:
    x0, y0 = across(float(score.model.interest_threshold)), up(float(score.model.fit_threshold))
    left, right = (LEFT, max(0.0, x0 - LEFT - GAP / 2)), (x0 + GAP / 2, max(0.0, RIGHT - x0 - GAP / 2))
    top, bottom = (TOP, max(0.0, y0 - TOP - GAP / 2)), (y0 + GAP / 2, max(0.0, BOTTOM - y0 - GAP / 2))
    sides = {
        Quadrant.NURTURE: (left, top),
        Quadrant.HOT: (right, top),
        Quadrant.DROP: (left, bottom),
        Quadrant.OPPORTUNISTIC: (right, bottom),
    }
    x, y = across(score.interest / MILLION), up(score.fit / MILLION)
    cells = [Cell(h[0], v[0], h[1], v[1], quadrant, quadrant == score.quadrant) for quadrant, (h, v) in sides.items()]
    near_the_edge = x > RIGHT - 60
    return Plot(
        cells=cells,
        x=x,
        y=y,
        threshold_x=x0,
        threshold_y=y0,
        label_x=x - 13 if near_the_edge else x + 13,
        label_y=min(max(y + 4, TOP + 12), BOTTOM - 2),
        label_end=near_the_edge,
        fit_from=int(score.model.fit_threshold),
        interest_from=int(score.model.interest_threshold),
    )
