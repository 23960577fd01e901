"""The history of one number as a small plot, drawn by the server: positions only, colours follow the theme."""

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
    """Dots with a line through neighbours, and the target as steps: where there is no value there is a gap."""

    width: float
    height: float
    dots: list[Dot]
    lines: list[str]
    target: str


@dataclass(frozen=True)
class Point:
    """One period: what it came to, what was promised, how that is judged, and in words."""

    value: float | None
    target: float
    tone: str
    title: str


def plotted(points: Sequence[Point], width: float = WIDTH, height: float = HEIGHT) -> Sparkline | None:
    """Lay the points out from the oldest to the newest; None where nothing is known."""
    known = [point.value for point in points if point.value is not None]
    if not known:
        return None
    low, high = _range([*known, *(point.target for point in points)])
    step = (width - 2 * EDGE) / max(len(points) - 1, 1)

    def x(nth: float) -> float:
        return round(EDGE + nth * step if len(points) > 1 else width / 2, 1)

    def y(value: float) -> float:
        return round(height - EDGE - (height - 2 * EDGE) * (value - low) / (high - low), 1)

    dots = [
        Dot(x(n), y(point.value), point.tone, point.title, n == len(points) - 1)
        for n, point in enumerate(points)
        if point.value is not None
    ]
    lines = list(_lines([(x(n), None if p.value is None else y(p.value)) for n, p in enumerate(points)]))
    return Sparkline(width, height, dots, lines, _steps(points, x, y, width))


def _range(values: list[float]) -> tuple[float, float]:
    """From nothing, or from a little below the least where all lie high; never empty."""
    low, high = min(values), max(values)
    if low > high / 2 > 0:
        low -= (high - low) or high / 4
    else:
        low = min(0.0, low)
    return low, high if high > low else low + 1


def _lines(places: list[tuple[float, float | None]]) -> Iterator[str]:
    for is_known, run in groupby(places, key=lambda place: place[1] is not None):
        run_ = list(run)
        if is_known and len(run_) > 1:
            yield " ".join(f"{x},{y}" for x, y in run_)


def _steps(points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float], width: float) -> str:
    """The target from edge to edge; it changes half-way between two periods."""
    found = [(0.0, y(points[0].target))]
    for n, (one, other) in enumerate(pairwise(points)):
        if one.target != other.target:
            middle = x(n + 0.5)
            found += [(middle, y(one.target)), (middle, y(other.target))]
    found.append((width, y(points[-1].target)))
    return " ".join(f"{a},{b}" for a, b in found)
