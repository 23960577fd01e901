"""An attainment as it is kept among the numbers of a week or a review."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sla.models import Attainment, Clause

Stored = dict[str, Any]


def to_store(judged: Attainment) -> Stored:
    return {
        "clause": judged.clause_id,
        "starts_on": judged.starts_on.isoformat(),
        "ends_on": judged.ends_on.isoformat(),
        "value": judged.value,
        "state": judged.state,
        "numerator": None if judged.numerator is None else str(judged.numerator),
        "denominator": None if judged.denominator is None else str(judged.denominator),
    }


def from_stored(stored: Stored, clause: Clause, *, at: datetime) -> Attainment:
    """The attainment as it was seen at `at`."""
    return Attainment(
        clause=clause,
        starts_on=date.fromisoformat(stored["starts_on"]),
        ends_on=date.fromisoformat(stored["ends_on"]),
        numerator=_decimal(stored["numerator"]),
        denominator=_decimal(stored["denominator"]),
        value=stored["value"],
        state=stored["state"],
        computed_at=at,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
