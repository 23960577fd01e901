"""Conditions in English."""

from typing import Any

import pytest

from leads.criteria import sentence
from leads.criteria.english import English, negative
from leads.criteria.parsing import read
from tests.leads.criteria.sentences import CALL, CTO, MEETING, field

pytestmark = pytest.mark.django_db


def when(tree: Any) -> str:
    """What stands behind “A lead matches when”."""
    text = sentence(tree, language="en")
    assert text.startswith("A lead matches when ")
    return text.removeprefix("A lead matches when ").removesuffix(".")


@pytest.mark.parametrize(
    ("op", "value", "text"),
    [
        ("=", 5, "is 5"),
        ("!=", 5, "is other than 5"),
        ("<", 5, "is below 5"),
        ("<=", 5, "is 5 or less"),
        (">", 1234567.25, "is above 1,234,567.25"),
        (">=", 5, "is 5 or more"),
        ("between", [5, 10], "is between 5 and 10"),
        ("in", [1], "is 1"),
        ("not_in", [1, 2, 3], "is other than 1, 2 or 3"),
        ("is_empty", None, "is empty"),
    ],
)
def test_numbers_are_compared(op: str, value: Any, text: str) -> None:
    assert when(field("company.employees", op, value)) == f"the company's number of employees {text}"


@pytest.mark.parametrize(
    ("op", "text"),
    [
        ("<", "is before 1 April 2026"),
        ("<=", "is 1 April 2026 or earlier"),
        (">", "is after 1 April 2026"),
        (">=", "is 1 April 2026 or later"),
    ],
)
def test_days_are_before_and_after(op: str, text: str) -> None:
    assert when(field("created_at", op, "2026-04-01")) == f"the day it became known {text}"


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"did": "call", "at_least": 2}, "it did “Call” at least twice"),
        ({"did": "call", "at_least": 1000}, "it did “Call” at least 1,000 times"),
        ({"did": "call", "at_most": 0}, "it did not do “Call”"),
        ({"did": "call", "at_most": 1}, "it did “Call” at most once"),
        ({"did": "call", "within_days": 1}, "it did “Call” in the last 1 day"),
        ({"did": "call", "within_days": 2}, "it did “Call” in the last 2 days"),
        ({"did": "dancing"}, "it did “dancing”"),
    ],
)
def test_what_was_done_is_told_with_its_times_and_days(tree: Any, text: str) -> None:
    assert when(tree) == text


def test_what_an_activity_carries_stands_in_brackets() -> None:
    where = {"all": [field("url", "contains", "/p"), field("seconds", ">=", 30)]}
    text = when({"did": "call", "at_least": 2, "within_days": 7, "where": where})
    assert text == "it did “Call” (url contains “/p” and seconds is 30 or more) at least twice in the last 7 days"


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ({}, "it did not do “Call”"),
        ({"at_least": 2}, "it did “Call” at most once"),
        ({"at_most": 0}, "it did “Call”"),
        ({"at_most": 2}, "it did “Call” at least 3 times"),
    ],
)
def test_a_denied_number_of_times_is_the_number_beside_it(bounds: dict[str, int], text: str) -> None:
    assert when({"not": CALL | bounds}) == text


@pytest.mark.parametrize(
    ("form", "denied"),
    [
        ("is {v} or more", "is not {v} or more"),
        ("contains {v}", "does not contain {v}"),
        ("begins with {v}", "does not begin with {v}"),
    ],
)
def test_a_comparison_is_denied_at_its_verb(form: str, denied: str) -> None:
    assert negative(form) == denied


def test_twice_denied_is_not_denied() -> None:
    assert when({"not": {"not": CALL}}) == when(CALL)


def test_two_are_joined_by_and_and_three_with_commas() -> None:
    assert when({"all": [CALL, CTO]}) == "it did “Call” and the title is “CTO”"
    assert when({"all": [CALL, MEETING, CTO]}) == "it did “Call”, it did “Meeting”, and the title is “CTO”"


def test_a_group_in_the_middle_stands_in_brackets_and_one_at_the_end_does_not() -> None:
    either = {"any": [CALL, MEETING]}
    assert when({"all": [either, CTO]}) == "(either it did “Call” or it did “Meeting”) and the title is “CTO”"
    assert when({"all": [CTO, either]}) == "the title is “CTO” and either it did “Call” or it did “Meeting”"


def test_all_of_several_stand_in_brackets_within_a_choice() -> None:
    both = {"all": [CTO, CALL]}
    assert when({"any": [both, MEETING]}) == "either (the title is “CTO” and it did “Call”) or it did “Meeting”"


def test_a_group_of_one_is_that_one() -> None:
    assert when({"any": [{"all": [CALL]}]}) == when(CALL)


def test_a_denied_group_says_which_way_it_is_denied() -> None:
    assert when({"not": {"all": [CALL, CTO]}}) == "not all of (it did “Call” and the title is “CTO”)"
    assert when({"not": {"any": [CALL, CTO]}}) == "neither it did “Call” nor the title is “CTO”"


def test_what_leaves_out_comes_last() -> None:
    text = when({"all": [{"not": {"any": [CALL, {"all": [MEETING, CTO]}]}}, CTO]})
    assert text == "the title is “CTO”, unless it did “Call” or (it did “Meeting” and the title is “CTO”)"


def test_where_everything_only_leaves_out_it_begins_with_everybody() -> None:
    assert sentence({"all": [{"not": CALL}]}, language="en") == "Every lead matches, unless it did “Call”."


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"all": []}, "Every lead is an MQL."),
        ({"any": []}, "No lead is an MQL."),
        ({"not": {"any": []}}, "Every lead is an MQL."),
        ({"not": {"all": []}}, "No lead is an MQL."),
    ],
)
def test_without_a_condition_it_is_everybody_or_nobody(tree: Any, text: str) -> None:
    assert sentence(tree, language="en", verdict="is an MQL") == text


def test_a_leaf_by_itself_begins_with_a_capital() -> None:
    node: Any = read({"did": "call"})
    assert English().leaf(node).startswith("It did ")
