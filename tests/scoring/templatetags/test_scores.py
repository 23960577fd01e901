"""How scores and points are written on a page."""

from decimal import Decimal

import pytest
from django.utils import translation

from scoring.templatetags.scores import days_plainly, in_short, plain_points, points, share_of, signed, signed_points


def test_a_score_is_written_rounded_half_up():
    assert points(84_500_000) == "85"
    assert points(84_499_999) == "84"
    assert points(39_750_000, 1) == "39.8"
    assert points(0) == "0"


def test_where_there_is_no_score_there_is_a_dash():
    assert points(None) == "–"


def test_a_score_is_kept_apart_by_its_digits_and_its_language():
    assert (points(1_000_000), points(1_000_000, 1)) == ("1", "1.0")
    with translation.override("ja"):
        assert points(1_000_000, 2) == "1.00"


@pytest.mark.parametrize(
    ("given", "written"), [("30", "+30"), ("-5", "−5"), ("0", "+0"), ("-0.500000", "−0.5"), ("12.5", "+12.5")]
)
def test_a_rule_gives_or_takes_with_a_sign(given: str, written: str):
    assert signed_points(Decimal(given)) == written


def test_a_part_of_a_score_has_the_digits_of_all_its_parts():
    assert signed(Decimal("39.8"), 1) == "+39.8"
    assert signed(Decimal("-1.5"), 1) == "−1.5"
    assert signed(Decimal(20), 1) == "+20.0"
    assert signed(Decimal(-1200)) == "−1,200"


def test_points_are_written_as_they_were_typed():
    assert plain_points(Decimal("20.000000")) == "20"
    assert plain_points(Decimal(50)) == "50"


def test_a_half_life_is_written_as_it_was_typed():
    with translation.override("en"):
        assert days_plainly(Decimal("14.00")) == "14 days"
        assert days_plainly(Decimal("3.50")) == "3.5 days"
        assert days_plainly(Decimal("1.00")) == "1 day"
    with translation.override("ja"):
        assert days_plainly(Decimal("3.50")) == "3.5日"


def test_a_long_sentence_is_cut_and_loses_its_emphasis():
    assert in_short("A <b>Manager</b> &amp; a <b>CTO</b>") == "A Manager & a CTO"
    cut = in_short("部長" * 100)
    assert len(cut) == 90
    assert cut.endswith("…")
    assert in_short("x" * 90) == "x" * 90


def test_a_share_of_nobody_is_no_share():
    assert share_of(1, 8) == "12.5%"
    assert share_of(0, 0) == "–"
