"""The interval in which a number probably ends, from its value so far. Pure: no database, no clock."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt
from statistics import NormalDist

from metrics.statistics.proportion import wilson

TAIL = 0.025
# Above this mean the quantiles are approximated, to a few of 100,000; adding up takes long there.
LARGE = 100_000


def final_count_interval(count: int, passed: int, days: int) -> tuple[int, int] | None:
    """Return the 95 % interval of a count at the end of `days` open days, of which `passed` brought `count`.

    What is still to come is a Poisson count at an unknown rate. With Jeffreys' prior, Gamma(1/2, 0), the rate is
    Gamma(count + 1/2, passed) afterwards, and the count of the remaining days is predicted by the negative binomial
    with r = count + 1/2 and p = passed ÷ days: Gelman, Carlin, Stern, Dunson, Vehtari, Rubin, "Bayesian Data Analysis",
    3rd ed. (2013), sections 2.6 and 2.8. The interval is the count so far and the middle 95 % of what is to come; it is
    at least that likely, as counts are whole. None before the first day has passed. `ValueError` for what cannot be.
    """
    if count < 0 or not 0 <= passed <= days:
        raise ValueError(f"{count} in {passed} of {days} days is no count.")
    if not passed:
        return None
    if passed == days:
        return count, count
    return count + _quantile(count + 0.5, passed / days, TAIL), count + _quantile(count + 0.5, passed / days, 1 - TAIL)


def final_rate_interval(numerator: int, denominator: int) -> tuple[float, float] | None:
    """Return Wilson's 95 % interval (`metrics.statistics.proportion`) for the rate behind the cases so far.

    None over nothing, and where the numerator exceeds the denominator.
    """
    if denominator < 1 or not 0 <= numerator <= denominator:
        return None
    return wilson(numerator, denominator)


def _quantile(r: float, p: float, level: float) -> int:
    """The smallest k with P(X ≤ k) ≥ level, for X negative binomial: P(k) = Γ(k+r) ÷ (k! Γ(r)) · p^r · (1−p)^k."""
    mean, deviation = r * (1 - p) / p, sqrt(r * (1 - p)) / p
    if mean > LARGE:
        # Cornish and Fisher's first correction, for the skewness (2 − p) ÷ √(r(1−p)): on the first day of a year the
        # normal distribution alone is off by a third of a percent.
        z = NormalDist().inv_cdf(level)
        return round(mean + deviation * z + (2 - p) / p * (z * z - 1) / 6)
    # Eight deviations below the mean lies less than 1e-15. Farther down P(k) may be 0 as a float, and would stay 0.
    k = max(0, int(mean - 8 * deviation))
    probability = exp(lgamma(k + r) - lgamma(k + 1) - lgamma(r) + r * log(p) + k * log(1 - p))
    total = probability
    # Until the level, or until the sum grows no more.
    while total < level and total < total + probability:
        k += 1
        probability *= (k - 1 + r) / k * (1 - p)
        total += probability
    return k
