"""A tree of JSON as the form shows it."""

from typing import Any

import pytest

from leads.criteria.editing.parts import Group, Leaf, group_of, part_of, texts


@pytest.mark.parametrize("tree", [None, [], "text", 5, {"all": []}])
def test_what_is_no_tree_is_an_empty_group(tree: Any) -> None:
    assert group_of(tree) == Group("all", [])


def test_a_single_condition_stands_alone_in_a_group() -> None:
    root = group_of({"field": "title", "op": "=", "value": "CTO"})
    assert root == Group("all", [Leaf("field:title", "=", ["CTO"])])


def test_none_of_several_is_one_group() -> None:
    part = part_of({"not": {"any": [{"did": "call"}, {"did": "meeting"}]}})
    assert isinstance(part, Group)
    assert (part.join, len(part.parts)) == ("none", 2)


@pytest.mark.parametrize("inner", [{"did": "call"}, {"all": [{"did": "call"}, {"did": "meeting"}]}, {"any": "broken"}])
def test_what_is_denied_stands_alone_in_a_group_of_none(inner: Any) -> None:
    part = part_of({"not": inner})
    assert isinstance(part, Group)
    assert (part.join, len(part.parts)) == ("none", 1)


def test_at_most_is_told_from_at_least_also_where_it_is_none() -> None:
    never, once, twice = (
        part_of(tree) for tree in ({"did": "a", "at_most": 0}, {"did": "a"}, {"did": "a", "at_least": 2})
    )
    assert isinstance(never, Leaf)
    assert isinstance(once, Leaf)
    assert isinstance(twice, Leaf)
    assert [(leaf.bound, leaf.times) for leaf in (never, once, twice)] == [
        ("at_most", "0"),
        ("at_least", "1"),
        ("at_least", "2"),
    ]


def test_days_left_open_are_left_empty() -> None:
    open_, month = part_of({"did": "a", "within_days": None}), part_of({"did": "a", "within_days": 30})
    assert isinstance(open_, Leaf)
    assert isinstance(month, Leaf)
    assert (open_.days, month.days) == ("", "30")


def test_all_that_an_activity_carries_is_a_property_however_deep() -> None:
    leaf = part_of({"did": "a", "where": {"any": [{"not": {"field": "url", "op": "=", "value": "x"}}]}})
    assert isinstance(leaf, Leaf)
    assert leaf.where is not None
    assert [part.what for part in leaf.where.every() if isinstance(part, Leaf)] == ["property:url"]


def test_a_condition_that_is_none_is_a_blank_one() -> None:
    assert group_of({"all": [5, None]}) == Group("all", [Leaf(), Leaf()])


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        (None, []),
        (True, ["true"]),
        (False, ["false"]),
        (2.5, ["2.5"]),
        (["a", [True, 3]], ["a", "true", "3"]),
        ("", [""]),
    ],
)
def test_values_are_shown_as_they_are_typed(value: Any, typed: list[str]) -> None:
    assert texts(value) == typed


@pytest.mark.parametrize(
    ("leaf", "blank"),
    [
        (Leaf(), True),
        (Leaf("field:title", "=", ["", ""]), True),
        (Leaf("field:title", "=", ["", "x"]), False),
        (Leaf("did:call"), False),
    ],
)
def test_a_condition_is_blank_until_something_is_typed(leaf: Leaf, blank: bool) -> None:
    assert leaf.is_blank is blank


def test_what_it_is_about_may_hold_a_colon() -> None:
    leaf = Leaf("property:utm:source")
    assert (leaf.kind, leaf.name) == ("property", "utm:source")
