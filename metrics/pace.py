"""A value against its target, by the share of open days that have passed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# From this attainment on a value is at risk, below it behind.
AT_RISK = Decimal("0.8")
BEYOND_ALL = Decimal("Infinity")


@dataclass(frozen=True)
class Pace:
    """A target for a period of `open_days`, of which `passed` lie before today, and the value so far.

    A value that adds up day by day (a count, an amount) is due in proportion to the open days passed; another one
    (a rate, or a maximum, `at_most`) is due in full from the first day on.
    """

    target: Decimal
    value: Decimal
    open_days: int
    passed: int
    adds_up: bool = True
    at_most: bool = False

    @property
    def due(self) -> Decimal | None:
        """The value due by now: target × passed ÷ open days; None in a period without open days."""
        if self.at_most or not self.adds_up:
            return self.target
        return self.target * self.passed / self.open_days if self.open_days else None

    @property
    def ahead(self) -> Decimal | None:
        return None if self.due is None else self.value - self.due

    @property
    def attainment(self) -> Decimal | None:
        """Value ÷ due, or target ÷ value for a maximum; None while nothing is due."""
        if self.at_most:
            return self.target / self.value if self.value else BEYOND_ALL
        return self.value / self.due if self.due else None

    @property
    def is_reached(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target

    @property
    def tone(self) -> str:
        """`kept` from an attainment of 1 on, `risk` from 0.8, else `breached`; `neutral` while nothing is due."""
        if self.attainment is None:
            return "neutral"
        return "kept" if self.attainment >= 1 else "risk" if self.attainment >= AT_RISK else "breached"

    @property
    def projection(self) -> Decimal | None:
        """The value at the end if the remaining days go like those passed; None before the first has passed."""
        if not self.adds_up:
            return self.value
        return self.value * self.open_days / self.passed if self.passed else None
