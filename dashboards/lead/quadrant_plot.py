"""One lead in the plane of fit and interest."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.formula import MILLION
from scoring.models import Quadrant, Score
from scoring.reading import format_plain_points

# The plot's area in SVG units: interest to the right, fit upwards.
LEFT, RIGHT, TOP, BOTTOM = 20, 296, 4, 212
GAP = 4


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
        # In an outer corner, so that it does not cover a lead near a threshold.
        return self.x + self.width - 10 if self.is_right else self.x + 10

    @property
    def name_y(self) -> float:
        # At the top of the upper cells and at the bottom of the lower ones.
        return self.y + 20 if self.y < TOP + 1 else self.y + self.height - 10


@dataclass(frozen=True)
class Plot:
    """Fit against interest, with the thresholds of the score's model."""

    cells: list[Cell]
    x: float
    y: float
    threshold_x: float
    threshold_y: float
    label_x: float
    label_y: float
    label_end: bool
    fit_from: str
    interest_from: str


def x_of(interest: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * interest / 100, 1)


def y_of(fit: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * fit / 100, 1)


def plot_quadrants(score: Score) -> Plot:
    x0, y0 = x_of(float(score.model.interest_threshold)), y_of(float(score.model.fit_threshold))
    left, right = (LEFT, max(0.0, x0 - LEFT - GAP / 2)), (x0 + GAP / 2, max(0.0, RIGHT - x0 - GAP / 2))
    top, bottom = (TOP, max(0.0, y0 - TOP - GAP / 2)), (y0 + GAP / 2, max(0.0, BOTTOM - y0 - GAP / 2))
    sides = {
        Quadrant.NURTURE: (left, top),
        Quadrant.HOT: (right, top),
        Quadrant.DROP: (left, bottom),
        Quadrant.OPPORTUNISTIC: (right, bottom),
    }
    x, y = x_of(score.interest / MILLION), y_of(score.fit / MILLION)
    cells = [Cell(h[0], v[0], h[1], v[1], quadrant, quadrant == score.quadrant) for quadrant, (h, v) in sides.items()]
    is_near_edge = x > RIGHT - 60
    return Plot(
        cells=cells,
        x=x,
        y=y,
        threshold_x=x0,
        threshold_y=y0,
        label_x=x - 13 if is_near_edge else x + 13,
        label_y=min(max(y + 4, TOP + 12), BOTTOM - 2),
        label_end=is_near_edge,
        fit_from=format_plain_points(score.model.fit_threshold),
        interest_from=format_plain_points(score.model.interest_threshold),
    )
