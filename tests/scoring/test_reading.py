"""Fit rules as people read them, in both languages."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from scoring.models import FitRule
from scoring.reading import describe_points, describe_rule, describe_rule_with_points, format_plain_points, rule_title

pytestmark = pytest.mark.django_db
MANAGER = {"field": "seniority", "op": "=", "value": "Manager"}


def rule(criteria: dict[str, Any] = MANAGER, points: str = "30", name: str = "") -> FitRule:
    return FitRule(criteria=criteria, points=Decimal(points), name=name)


@pytest.mark.parametrize(
    ("points", "read"),
    [
        ("20.000000", "20"),
        ("0.500000", "0.5"),
        ("100", "100"),
        ("0.000000", "0"),
        ("-12.50", "-12.5"),
        ("0.000001", "0.000001"),
        ("1E+2", "100"),
    ],
)
def test_points_are_read_without_empty_digits(points: str, read: str):
    assert format_plain_points(Decimal(points)) == read


def test_points_are_got_or_lost():
    assert describe_points(Decimal("12.500000")) == "gets 12.5 points of fit"
    assert describe_points(Decimal("-5")) == "loses 5 points of fit"
    with translation.override("ja"):
        assert describe_points(Decimal(5)) == "適合度が5点上がります"
        assert describe_points(Decimal("-0.5")) == "適合度が0.5点下がります"


def test_a_rule_says_who_it_is_about_and_what_they_get():
    told = describe_rule_with_points(rule(points="-5"))
    assert "Manager" in told
    assert "loses 5 points of fit" in told
    assert "points" not in describe_rule(rule())


def test_a_rule_is_read_in_japanese():
    with translation.override("ja"):
        told = describe_rule_with_points(rule())
    assert "適合度が30点上がります" in told
    assert "Manager" in told


def test_a_rule_without_a_name_is_called_by_its_conditions():
    assert rule_title(rule(name="部長クラス")) == "部長クラス"
    assert rule_title(rule()) == describe_rule(rule())


def test_what_somebody_typed_into_a_condition_is_no_html():
    told = describe_rule(rule({"field": "title", "op": "=", "value": "<script>"}))
    assert "<script>" not in told
    assert "&lt;script&gt;" in told


@pytest.mark.parametrize("broken", [{"any": 5}, {"some": []}, {"field": "title", "op": "~", "value": "x"}])
def test_conditions_that_cannot_be_read_any_more_are_said_to_be_so(broken: dict[str, Any]):
    assert describe_rule(rule(broken)) == "These conditions no longer hold together."
    with translation.override("ja"):
        assert rule_title(rule(broken)) == "この条件はもう成り立ちません。"
