"""Where numbers end: against drawing the rest many times, and against adding up probabilities exactly."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import projection
from metrics.projection import final_count_interval, final_rate_interval


@pytest.mark.parametrize(
    ("count", "passed", "days"), [(0, 1, 20), (3, 5, 20), (24, 10, 21), (400, 19, 60), (7, 20, 21)]
)
def test_the_interval_holds_about_as_often_as_it_says(count, passed, days):
    """Draw a rate from what is believed of it, then the days to come: Gamma, then Poisson."""
    rng = random.Random(1)
    low, high = final_count_interval(count, passed, days) or (0, 0)
    drawn = []
    for _ in range(4000):
        rate = rng.gammavariate(count + 0.5, 1 / passed)
        drawn.append(count + poisson(rng, rate * (days - passed)))
    inside = sum(low <= n <= high for n in drawn) / len(drawn)
    assert inside >= 0.94
    # And no wider than it must be.
    assert sum(n < low for n in drawn) / len(drawn) <= 0.035
    assert sum(n > high for n in drawn) / len(drawn) <= 0.035


def poisson(rng: random.Random, mean: float) -> int:
    """As many as arrive within `mean` of time, one after the other."""
    n, passed = 0, rng.expovariate(1)
    while passed <= mean:
        n, passed = n + 1, passed + rng.expovariate(1)
    return n


@given(st.integers(0, 30), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_the_quantiles_are_those_of_exact_fractions(count, passed, more):
    low, high = final_count_interval(count, passed, passed + more) or (0, 0)
    p = passed / (passed + more)

    # Γ(k+r) ÷ (k! Γ(r)) with r = count + 1/2, as exact products.
    def below(k: int) -> float:
        total, each = 0.0, 1.0
        for n in range(k + 1):
            if n:
                each *= float(Fraction(2 * (n - 1 + count) + 1, 2 * n)) * (1 - p)
            total += each
        return float(total * p ** (count + 0.5))

    for bound, share in ((low - count, 0.025), (high - count, 0.975)):
        assert below(bound) >= share - 1e-9
        assert bound == 0 or below(bound - 1) < share + 1e-9


@pytest.mark.parametrize("count", [120, 134, 140, 160])
def test_much_on_the_first_day_of_a_year_ends_within_a_quarter_of_its_pace(count):
    """A rate of which `count` is known is known to one part in √count, here 1 in 11 to 13; 95 % are two of these."""
    low, high = final_count_interval(count, 1, 250) or (0, 0)
    assert 0.8 < low / (250 * count) < 0.9
    assert 1.1 < high / (250 * count) < 1.25


def test_a_period_that_is_over_is_certain_and_before_its_first_day_there_is_no_interval():
    assert final_count_interval(12, 20, 20) == (12, 12)
    assert final_count_interval(3, 0, 20) is None
    assert final_count_interval(0, 5, 20) == (0, 8)


def test_large_counts_take_no_longer_and_fit_the_small_ones():
    low, high = final_count_interval(1_000_000, 50, 100) or (0, 0)
    assert 1_990_000 < low < 2_000_000 < high < 2_010_000


@pytest.mark.parametrize(("count", "passed", "days"), [(-1, 1, 2), (1, 3, 2), (1, -1, 2)])
def test_what_cannot_be_is_refused(count, passed, days):
    with pytest.raises(ValueError, match="no count"):
        final_count_interval(count, passed, days)


def test_the_rate_of_nothing_ends_nowhere():
    assert final_rate_interval(0, 0) is None
    low, high = final_rate_interval(8, 10) or (0, 0)
    assert 0.49 < low < 0.8 < high < 0.95


@pytest.mark.parametrize(
    ("numerator", "denominator", "known"), [(0, 1, True), (1, 1, True), (0, 0, False), (2, 1, False), (-1, 5, False)]
)
def test_a_rate_has_an_interval_from_the_first_case_on(numerator, denominator, known):
    assert (final_rate_interval(numerator, denominator) is not None) is known


@pytest.mark.parametrize(
    ("count", "passed", "days", "within"),
    [(300, 1, 366, 4), (3000, 1, 40, 0), (300_000, 10, 20, 0), (9000, 20, 260, 0), (60_000, 30, 90, 0)],
)
def test_above_a_hundred_thousand_still_to_come_the_interval_is_as_by_adding_up(
    count, passed, days, within, monkeypatch
):
    approximated = final_count_interval(count, passed, days) or (0, 0)
    monkeypatch.setattr(projection, "LARGE", 10_000_000)
    summed = final_count_interval(count, passed, days) or (0, 0)
    for by_formula, by_sum in zip(approximated, summed, strict=True):
        assert abs(by_formula - by_sum) <= within
