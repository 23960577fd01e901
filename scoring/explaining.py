"""Why a lead has its scores: parts that add up to them, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.timezone import now
from django.utils.translation import gettext as _

from leads.models import ActivityKind, Lead
from scoring.formula import MILLION, capped, clamped, quadrant, rounded_points
from scoring.models import FitRule, Quadrant, ScoreModel
from scoring.reading import describe_rule, rule_title
from scoring.rescoring import Scoring


@dataclass(frozen=True)
class Part:
    """One line of an explanation: its points in millionths, and rounded."""

    words: str
    points: int
    rounded: Decimal = Decimal(0)


@dataclass(frozen=True)
class FitPart(Part):
    """One fit rule: what it would add, and whether it holds."""

    holds: bool = False
    worth: int = 0
    rule: FitRule | None = None
    sentence: str = ""


@dataclass(frozen=True)
class InterestPart(Part):
    """All that a lead did of one kind."""

    kind: ActivityKind | None = None
    count: int = 0
    last_at: datetime | None = None
    # What is left of the points after fading, and the most that the kind may add.
    raw: int = 0
    cap: int | None = None

    @property
    def is_capped(self) -> bool:
        return self.cap is not None and self.raw > self.cap


@dataclass(frozen=True)
class Side:
    """One score with the parts that make it. `parts` add up to `total`; what lies outside 0 to 100 is a part too."""

    score: int
    threshold: int
    parts: Sequence[Part]
    digits: int

    @property
    def total(self) -> Decimal:
        """The score with as many digits as its parts."""
        return rounded_points(self.score, self.digits)

    @property
    def is_high(self) -> bool:
        return self.score >= self.threshold


@dataclass(frozen=True)
class Explanation:
    """Fit and interest of one lead on one company day."""

    model: ScoreModel
    day: date
    fit: Side
    interest: Side
    # Every rule and every kind, also those that add nothing.
    rules: Sequence[FitPart]

    @property
    def quadrant(self) -> Quadrant:
        """What the machine says."""
        thresholds = {"fit_threshold": self.fit.threshold, "interest_threshold": self.interest.threshold}
        return Quadrant(quadrant(self.fit.score, self.interest.score, **thresholds))


def explain(lead: Lead, at: datetime | None = None, *, model: ScoreModel | None = None) -> Explanation | None:
    """Take the lead's scores apart, as of `at`, by the model in force then. None where none was in force."""
    at = at or now()
    scoring = Scoring(model, at) if model else Scoring.in_force(at)
    if scoring is None:
        return None
    model = scoring.model
    held, did = _load_parts(scoring, lead)
    rules = _fit_parts(scoring, held)
    return Explanation(
        model=model,
        day=scoring.day,
        fit=_side([part for part in rules if part.holds], model.fit_from),
        interest=_side(_interest_parts(scoring, did), model.interest_from),
        rules=rules,
    )


# What holds for one lead, and what it did, in one look.
PARTS = """
SELECT {columns} FROM leads_lead lead
LEFT JOIN leads_company company ON company.id = lead.company_id
CROSS JOIN LATERAL (
    SELECT {did} FROM leads_activity activity WHERE activity.lead_id = lead.id AND activity.occurred_at <= %s
) did
WHERE lead.id = %s
"""


def _load_parts(scoring: Scoring, lead: Lead) -> tuple[list[bool], list[Any]]:
    """Whether each fit rule holds; and of each kind that is worth something how often the lead did it, when last, and
    the points that are left."""
    conditions = scoring.conditions("lead", "company")
    did = [
        column
        for kind, worth in scoring.kinds.items()
        for of in [f"activity.kind_id = {kind}"]
        for column in (
            f"count(*) FILTER (WHERE {of})",
            f"max(activity.occurred_at) FILTER (WHERE {of})",
            scoring.uncapped(kind, worth),
        )
    ]
    columns = ", ".join([*(f"({sql}) IS TRUE" for sql, _params in conditions), "did.*"])
    params = [param for _sql, given in conditions for param in given]
    with connection.cursor() as cursor:
        cursor.execute(PARTS.format(columns=columns, did=", ".join(did) or "count(*)"), [*params, scoring.at, lead.pk])
        found = list(cursor.fetchone() or [])
    # A lead that is not there has done nothing, and nothing holds for it.
    found = found or [False] * len(conditions) + [0, None, 0] * len(scoring.kinds)
    return found[: len(conditions)], found[len(conditions) :]


def _fit_parts(scoring: Scoring, held: Sequence[bool]) -> list[FitPart]:
    return [
        FitPart(
            rule_title(rule),
            rule.millionths if holds else 0,
            holds=holds,
            worth=rule.millionths,
            rule=rule,
            sentence=describe_rule(rule),
        )
        for rule, holds in zip(scoring.rules, held, strict=True)
    ]


def _interest_parts(scoring: Scoring, did: Sequence[Any]) -> list[InterestPart]:
    """One part for each kind that the lead did and that is worth something."""
    parts = []
    for nth, (rule, worth) in enumerate(zip(scoring.interest_rules, scoring.kinds.values(), strict=True)):
        count, last_at, raw = did[3 * nth : 3 * nth + 3]
        if count:
            points = capped(worth, int(raw))
            parts.append(
                InterestPart(
                    str(rule.kind),
                    points,
                    kind=rule.kind,
                    count=count,
                    last_at=last_at,
                    raw=int(raw),
                    cap=worth.cap,
                )
            )
    return sorted(parts, key=lambda part: -part.points)


def _side(parts: Sequence[Part], threshold: int) -> Side:
    total = sum(part.points for part in parts)
    score = clamped(total)
    if score != total:
        words = _("More than 100 is 100") if total > score else _("Less than 0 is 0")
        parts = [*parts, Part(words, score - total)]
    digits = digits_for(parts, score, threshold)
    return Side(score, threshold, round_parts(parts, score, digits), digits)


def digits_for(parts: Sequence[Part], score: int, threshold: int = 0) -> int:
    """One digit, none where all is whole, or as many as it takes that what is shown rounds to the score (9.46 is 9,
    which 9.5 would not be) and stands on the score's side of the threshold."""
    if all(part.points % MILLION == 0 for part in parts):
        return 0
    return next(n for n in range(1, 7) if _is_faithful(int(rounded_points(score, n) * MILLION), score, threshold))


def _is_faithful(shown: int, score: int, threshold: int) -> bool:
    return rounded_points(shown) == rounded_points(score) and (shown >= threshold) == (score >= threshold)


def round_parts(parts: Sequence[Part], score: int, digits: int) -> list[Part]:
    """Round the parts so that they add up to the rounded score: those that lose the most are rounded up."""
    unit = MILLION // 10**digits
    floors = [part.points // unit for part in parts]
    left = int(rounded_points(score, digits) * 10**digits) - sum(floors)
    most = sorted(range(len(parts)), key=lambda nth: (floors[nth] * unit - parts[nth].points, nth))
    for nth in most[:left]:
        floors[nth] += 1
    step = Decimal(1).scaleb(-digits)
    return [replace(part, rounded=floor * step) for part, floor in zip(parts, floors, strict=True)]
