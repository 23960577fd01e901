import pytest

from metrics.statistics.proportion import wilson


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    # From the tables of Newcombe (1998), method 3, and R's binom::binom.wilson.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (5, 5, 0.5655, 1.0),
    ],
)
def test_wilson_is_as_published(numerator, denominator, low, high):
    assert wilson(numerator, denominator) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_has_no_interval(numerator, denominator):
    with pytest.raises(ValueError, match="is not a share"):
        wilson(numerator, denominator)


def test_one_case_is_enough_and_nothing_lies_outside_of_all():
    assert wilson(0, 1)[0] == 0
    assert wilson(1, 1)[1] == 1
    assert all(wilson(n, n)[1] <= 1 and wilson(0, n)[0] >= 0 for n in range(1, 3000))
