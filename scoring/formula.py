"""How who a lead is and what it did become two scores.

No database here: a marketer can read it, and it is the oracle that the SQL of `scoring/rescoring.py` is tested against.
Points are whole millionths throughout, so that the order of adding cannot matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

MILLION = 1_000_000
HIGHEST = 100 * MILLION
DAY = 86_400


@dataclass(frozen=True)
class KindPoints:
    """What one activity of a kind is worth: points that halve after each half-life, and the most that all of the kind
    together can add."""

    points: int
    cap: int | None = None
    half_life_seconds: int | None = None


def millionths(points: Decimal) -> int:
    return int(points * MILLION)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The company day that a moment lies in. A score belongs to a day."""
    return at.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def age(occurred_at: datetime, day_start: datetime) -> float:
    """Seconds from the activity to the start of the company day, not below 0: what happened today has not faded yet."""
    return max(0.0, day_start.timestamp() - occurred_at.timestamp())


def faded(kind: KindPoints, seconds: float) -> int:
    """What is left of one activity's points at that age."""
    if kind.half_life_seconds is None:
        return kind.points
    left: float = 0.5 ** (seconds / kind.half_life_seconds)
    return round(kind.points * left)


def capped(kind: KindPoints, points: int) -> int:
    """A cap binds upward only: points below zero stay what they are."""
    return points if kind.cap is None else min(kind.cap, points)


def clamped(points: int) -> int:
    return max(0, min(points, HIGHEST))


def fit(points_of_rules_that_hold: Iterable[int]) -> int:
    return clamped(sum(points_of_rules_that_hold))


def interest(
    activities: Iterable[tuple[str, datetime]], kinds: Mapping[str, KindPoints], *, day_start: datetime, at: datetime
) -> int:
    """The score of what a lead did, by `at`, on the company day that begins at `day_start`."""
    points: defaultdict[str, int] = defaultdict(int)
    for kind, occurred_at in activities:
        # What is dated in the future has not happened yet.
        if kind in kinds and occurred_at <= at:
            points[kind] += faded(kinds[kind], age(occurred_at, day_start))
    return clamped(sum(capped(kinds[kind], of_kind) for kind, of_kind in points.items()))


def quadrant(fit: int, interest: int, *, fit_threshold: int, interest_threshold: int) -> str:
    """Thresholds compare what was computed, not what is shown rounded."""
    if fit >= fit_threshold:
        return "hot" if interest >= interest_threshold else "nurture"
    return "opportunistic" if interest >= interest_threshold else "drop"


def rounded_points(points: int, digits: int = 0) -> Decimal:
    """Millionths as a page shows them: rounded half up."""
    return (Decimal(points) / MILLION).quantize(Decimal(f"1e-{digits}"), ROUND_HALF_UP)
