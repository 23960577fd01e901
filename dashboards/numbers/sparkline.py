"""The history of one number as a small plot: positions for an SVG, whose colours follow the theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

WIDTH, HEIGHT, EDGE = 120.0, 32.0, 4.0


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    tone: str
    title: str
    is_last: bool


@dataclass(frozen=True)
class Sparkline:
    """Dots, lines between neighbouring dots (with gaps where there is no value), and the target as steps."""

    width: float
    height: float
    dots: list[Dot]
    lines: list[str]
    target: str


@dataclass(frozen=True)
class Point:
    """One period: value, target, tone and title."""

    value: float | None
    target: float
    tone: str
    title: str


def draw_sparkline(points: Sequence[Point], width: float = WIDTH, height: float = HEIGHT) -> Sparkline | None:
    """Place the points from the oldest to the newest; None if none has a value."""
    values = [point.value for point in points if point.value is not None]
    if not values:
        return None
    low, high = _value_range([*values, *(point.target for point in points)])
    step = (width - 2 * EDGE) / max(len(points) - 1, 1)

    def x(n: float) -> float:
        return round(EDGE + n * step if len(points) > 1 else width / 2, 1)

    def y(value: float) -> float:
        return round(height - EDGE - (height - 2 * EDGE) * (value - low) / (high - low), 1)

    dots = [
        Dot(x(n), y(point.value), point.tone, point.title, n == len(points) - 1)
        for n, point in enumerate(points)
        if point.value is not None
    ]
    lines = list(_polylines([(x(n), None if p.value is None else y(p.value)) for n, p in enumerate(points)]))
    return Sparkline(width, height, dots, lines, _target_steps(points, x, y, width))


def _value_range(values: list[float]) -> tuple[float, float]:
    """The values of the vertical axis: from 0, or from a little below the lowest value if all are high; never empty."""
    low, high = min(values), max(values)
    if low > high / 2 > 0:
        low -= (high - low) or high / 4
    else:
        low = min(0.0, low)
    return low, high if high > low else low + 1


def _polylines(places: list[tuple[float, float | None]]) -> Iterator[str]:
    for has_value, group in groupby(places, key=lambda place: place[1] is not None):
        run = list(group)
        if has_value and len(run) > 1:
            yield " ".join(f"{x},{y}" for x, y in run)


def _target_steps(
    points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float], width: float
) -> str:
    """The target from edge to edge; it changes half-way between two periods."""
    corners = [(0.0, y(points[0].target))]
    for n, (point, following) in enumerate(pairwise(points)):
        if point.target != following.target:
            middle = x(n + 0.5)
            corners += [(middle, y(point.target)), (middle, y(following.target))]
    corners.append((width, y(points[-1].target)))
    return " ".join(f"{left},{top}" for left, top in corners)
