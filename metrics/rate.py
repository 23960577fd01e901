"""A rate with its counts, and a row of a metric's answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from metrics.statistics.proportion import wilson


@dataclass(frozen=True)
class Rate:
    """A share with its counts; over nothing there is no rate."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The Wilson score interval at 95 %: valid for few leads, and for none converted.

        (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n), with p = numerator ÷ n and z = 1.96; E. B. Wilson,
        "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212. None over
        nothing, and for a rate above one (period view), which is no share.
        """
        if not self.denominator or not 0 <= self.numerator <= self.denominator:
            return None
        return wilson(self.numerator, self.denominator)


@dataclass(frozen=True)
class Row:
    """One row of a metric's answer: a value with its counts.

    A count has no denominator. Of a duration (seconds) or an amount, the numerator is the number of cases. `mature` is
    false while time can still change the value; `flagged` counts cases left out as impossible, such as an outcome
    dated before its cause.
    """

    key: str
    numerator: int
    denominator: int | None
    value: float | Decimal | None
    mature: bool = True
    flagged: int = 0

    @classmethod
    def of_count(cls, key: str, count: int, *, mature: bool = True, flagged: int = 0) -> Row:
        return cls(key, count, None, count, mature, flagged)

    @classmethod
    def of_rate(cls, key: str, rate: Rate, *, mature: bool = True, flagged: int = 0) -> Row:
        return cls(key, rate.numerator, rate.denominator, rate.value, mature, flagged)

    @classmethod
    def of_value(
        cls, key: str, value: float | Decimal | None, *, cases: int, mature: bool = True, flagged: int = 0
    ) -> Row:
        """A duration in seconds or an amount of money, over so many cases."""
        return cls(key, cases, None, value, mature, flagged)

    @property
    def rate(self) -> Rate | None:
        return None if self.denominator is None else Rate(self.numerator, self.denominator)

    @property
    def interval(self) -> tuple[float, float] | None:
        return self.rate.interval if self.rate else None
