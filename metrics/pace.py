"""How a value stands against its target, by the share of the open days that have passed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# From this share of the pace on it is at risk, below it behind.
AT_RISK = Decimal("0.8")
BEYOND_ALL = Decimal("Infinity")


@dataclass(frozen=True)
class Pace:
    """A target for a period of so many open days, of which so many lie before today, and what was reached.

    What adds up day by day (a count, an amount) is due in the share of the open days that have passed; what does not
    (a rate, or what may be so much `at_most`) is due whole from the first day on.
    """

    target: Decimal
    value: Decimal
    open_days: int
    passed: int
    adds_up: bool = True
    at_most: bool = False

    @property
    def due(self) -> Decimal | None:
        """What should be reached by now: target × open days before today ÷ open days of the period."""
        if self.at_most or not self.adds_up:
            return self.target
        return self.target * self.passed / self.open_days if self.open_days else None

    @property
    def ahead(self) -> Decimal | None:
        return None if self.due is None else self.value - self.due

    @property
    def attainment(self) -> Decimal | None:
        """Value ÷ what is due, or the other way round for what is so much at most; none while nothing is due."""
        if self.at_most:
            return self.target / self.value if self.value else BEYOND_ALL
        return self.value / self.due if self.due else None

    @property
    def is_reached(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target

    @property
    def tone(self) -> str:
        """`kept` on pace, `risk` from 0.8 of it, else `breached`; `neutral` while there is nothing to compare with."""
        if self.attainment is None:
            return "neutral"
        return "kept" if self.attainment >= 1 else "risk" if self.attainment >= AT_RISK else "breached"

    @property
    def projection(self) -> Decimal | None:
        """What it will be at the end, if the rest goes as what has passed."""
        if not self.adds_up:
            return self.value
        return self.value * self.open_days / self.passed if self.passed else None
