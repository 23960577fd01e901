"""Where a number plausibly ends, from what is known half-way. Pure: no database, no clock."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt

from smarketing.proportion import wilson

TAIL = 0.025
# Beyond so many it is a bell curve to the eye, and to every digit that is shown.
LARGE = 100_000


def count_in_the_end(count: int, passed: int, days: int) -> tuple[int, int] | None:
    """Return the 95 % interval of a count at the end of `days` open days, of which `passed` brought `count`.

    What is still to come is a Poisson count at an unknown rate. With Jeffreys' prior, Gamma(1/2, 0), the rate is
    Gamma(count + 1/2, passed) afterwards, and the count of the remaining days is predicted by the negative binomial
    with r = count + 1/2 and p = passed ÷ days: Gelman, Carlin, Stern, Dunson, Vehtari, Rubin, "Bayesian Data Analysis",
    3rd ed. (2013), sections 2.6 and 2.8. The interval holds what is there and the middle 95 % of what is to come; it
    is at least that likely, as counts are whole. None before the first day has passed. `ValueError` for what cannot be.
    """
    if count < 0 or not 0 <= passed <= days:
        raise ValueError(f"{count} in {passed} of {days} days is no count.")
    if not passed:
        return None
    if passed == days:
        return count, count
    return count + _quantile(count + 0.5, passed / days, TAIL), count + _quantile(count + 0.5, passed / days, 1 - TAIL)


def rate_in_the_end(numerator: int, denominator: int) -> tuple[float, float] | None:
    """Return where the rate behind the cases so far plausibly lies: Wilson's 95 % interval (`smarketing.proportion`).

    None over nothing, and for what is no share.
    """
    if denominator < 1 or not 0 <= numerator <= denominator:
        return None
    return wilson(numerator, denominator)


def _quantile(r: float, p: float, share: float) -> int:
    """The smallest k with P(X ≤ k) ≥ share, for X negative binomial: P(k) = Γ(k+r) ÷ (k! Γ(r)) · p^r · (1−p)^k."""
    mean, deviation = r * (1 - p) / p, sqrt(r * (1 - p)) / p
    if mean > LARGE:
        z = 1.959963984540054 if share > 0.5 else -1.959963984540054
        return max(0, round(mean + z * deviation))
    # What lies twelve deviations below the mean is nothing, and as a float it would be nothing too.
    k = max(0, int(mean - 12 * deviation))
    probability = exp(lgamma(k + r) - lgamma(k + 1) - lgamma(r) + r * log(p) + k * log(1 - p))
    total = probability
    while total < share and k < mean + 60 * deviation + 60:
        k += 1
        probability *= (k - 1 + r) / k * (1 - p)
        total += probability
    return k
