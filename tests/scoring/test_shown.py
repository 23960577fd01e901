"""How a score is written beside its threshold: never on the other side of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.formula import MILLION
from scoring.templatetags.scores import points, points_beside

SCORES = st.integers(0, 100 * MILLION)


@pytest.mark.parametrize(
    ("score", "shown"),
    [(39_800_000, "39.8"), (39_999_999, "39.999999"), (40_000_000, "40"), (40_200_000, "40"), (39_400_000, "39")],
)
def test_a_score_keeps_its_side_of_the_threshold(score: int, shown: str):
    assert points_beside(score, 40 * MILLION) == shown


def test_a_score_without_a_threshold_is_rounded_half_up():
    assert (points(49_500_000), points(49_499_999), points(None)) == ("50", "49", "–")
    assert (points_beside(49_500_000, None), points_beside(None, 40 * MILLION)) == ("50", "–")


@given(SCORES, SCORES)
def test_what_is_shown_gives_the_same_verdict(score: int, threshold: int):
    assert (float(points_beside(score, threshold)) >= threshold / MILLION) == (score >= threshold)
