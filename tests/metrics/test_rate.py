import pytest

from metrics.rate import Rate, Row


def test_a_rate_over_nothing_is_no_rate():
    assert Rate(0, 0).value is None
    assert Rate(0, 0).interval is None


def test_a_rate_carries_its_wilson_interval():
    """The example of Newcombe (1998), table I: 81 of 263 is 30.8 %, between 25.5 % and 36.6 %."""
    rate = Rate(81, 263)
    assert rate.value == pytest.approx(0.3080, abs=5e-5)
    assert rate.interval == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_none_of_twenty_may_still_be_a_sixth():
    """The same table: 0 of 20 lies between 0 % and 16.1 %."""
    assert Rate(0, 20).interval == pytest.approx((0, 0.1611), abs=5e-5)
    assert Rate(20, 20).interval == pytest.approx((1 - 0.1611, 1), abs=5e-5)


def test_more_than_all_is_a_value_without_an_interval():
    assert Rate(3, 2).value == 1.5
    assert Rate(3, 2).interval is None


def test_rows_say_what_they_are_made_of():
    assert Row.of_count("all", 3) == Row("all", 3, None, 3)
    assert Row.of_rate("2018-04", Rate(1, 4), mature=False, flagged=1) == Row("2018-04", 1, 4, 0.25, False, 1)
    assert Row.of_value("all", 5400.0, cases=12) == Row("all", 12, None, 5400.0)
    assert Row.of_count("all", 3).interval is None
