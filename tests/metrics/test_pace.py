"""A value against its target: what is due by now, how far it is attained, and where it ends at this rate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from metrics.pace import BEYOND_ALL, Pace


def pace(value: str, *, target: str = "100", open_days: int = 20, passed: int = 10, **kind: bool) -> Pace:
    return Pace(Decimal(target), Decimal(value), open_days, passed, **kind)


@pytest.mark.parametrize(("passed", "due"), [(0, 0), (1, 5), (10, 50), (20, 100)])
def test_a_count_is_due_in_proportion_to_the_open_days_passed(passed: int, due: int):
    assert pace("0", passed=passed).due == due


def test_a_rate_is_due_in_full_from_the_first_day_on():
    assert pace("0.4", target="0.5", passed=0, adds_up=False).due == Decimal("0.5")


def test_a_maximum_is_due_in_full_from_the_first_day_on_though_it_adds_up():
    assert pace("3", target="10", passed=0, at_most=True).due == 10


def test_in_a_period_without_open_days_nothing_is_due():
    closed = pace("7", open_days=0, passed=0)
    assert (closed.due, closed.ahead, closed.attainment, closed.tone) == (None, None, None, "neutral")


def test_a_period_of_one_open_day_is_due_on_it():
    assert pace("0", open_days=1, passed=1).due == 100


@pytest.mark.parametrize(("value", "ahead"), [("62", 12), ("50", 0), ("41.5", Decimal("-8.5"))])
def test_ahead_is_what_there_is_beyond_what_is_due(value: str, ahead: Decimal):
    assert pace(value).ahead == ahead


@pytest.mark.parametrize(("value", "attainment"), [("0", "0"), ("25", "0.5"), ("50", "1"), ("75", "1.5")])
def test_attainment_is_the_value_by_what_is_due(value: str, attainment: str):
    assert pace(value).attainment == Decimal(attainment)


def test_nothing_is_attained_before_anything_is_due():
    assert (pace("3", passed=0).attainment, pace("3", passed=0).tone) == (None, "neutral")


@pytest.mark.parametrize(("value", "attainment"), [("5", "2"), ("10", "1"), ("20", "0.5")])
def test_of_a_maximum_attainment_is_the_target_by_the_value(value: str, attainment: str):
    assert pace(value, target="10", at_most=True).attainment == Decimal(attainment)


def test_of_a_maximum_nothing_at_all_is_beyond_all():
    nothing = pace("0", target="10", at_most=True)
    assert (nothing.attainment, nothing.tone) == (BEYOND_ALL, "kept")


@pytest.mark.parametrize(
    ("value", "tone"),
    [("50", "kept"), ("49.9", "risk"), ("40", "risk"), ("39.9", "breached"), ("0", "breached"), ("51", "kept")],
)
def test_at_risk_from_four_fifths_of_what_is_due_and_kept_from_all_of_it(value: str, tone: str):
    assert pace(value).tone == tone


@pytest.mark.parametrize(("value", "reached"), [("99.9", False), ("100", True), ("100.1", True)])
def test_a_target_is_reached_from_its_value_on(value: str, reached: bool):
    assert pace(value).is_reached is reached


@pytest.mark.parametrize(("value", "reached"), [("99.9", True), ("100", True), ("100.1", False)])
def test_a_maximum_is_reached_up_to_its_value(value: str, reached: bool):
    assert pace(value, at_most=True).is_reached is reached


@pytest.mark.parametrize(("passed", "projection"), [(1, 800), (10, 80), (20, 40)])
def test_a_count_ends_where_the_remaining_days_go_like_those_passed(passed: int, projection: int):
    assert pace("40", passed=passed).projection == projection


def test_before_the_first_day_has_passed_nothing_is_projected():
    assert pace("40", passed=0).projection is None


def test_a_rate_ends_where_it_stands():
    assert pace("0.4", passed=0, adds_up=False).projection == Decimal("0.4")


def test_a_maximum_that_adds_up_is_projected_like_a_count():
    assert pace("4", at_most=True).projection == 8
