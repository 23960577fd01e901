"""How a value stands against its target, by the share of the open days that have passed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# From this share of the pace on it is at risk, below it behind.
AT_RISK = Decimal("0.8")


@dataclass(frozen=True)
class Pace:
    """A target for a period of so many open days, of which so many lie before today, and what was reached."""

    target: Decimal
    value: Decimal
    open_days: int
    passed: int

    @property
    def due(self) -> Decimal | None:
        """What should be reached by now: target × open days before today ÷ open days of the period."""
        return self.target * self.passed / self.open_days if self.open_days else None

    @property
    def ahead(self) -> Decimal | None:
        return None if self.due is None else self.value - self.due

    @property
    def attainment(self) -> Decimal | None:
        return self.value / self.due if self.due else None

    @property
    def tone(self) -> str:
        """`kept` on pace, `risk` from 0.8 of it, else `breached`; `neutral` while there is nothing to compare with."""
        if self.attainment is None:
            return "neutral"
        return "kept" if self.attainment >= 1 else "risk" if self.attainment >= AT_RISK else "breached"

    @property
    def projection(self) -> Decimal | None:
        """What it will be at the end, if the rest goes as what has passed."""
        return self.value * self.open_days / self.passed if self.passed else None
