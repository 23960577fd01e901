"""Reading JSON as a tree: the bounds, what is let through, and in which words a fault is told."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from leads.criteria.fields import Type
from leads.criteria.parsing import (
    DEEPEST,
    LARGEST_NUMBER,
    LONGEST_LIST,
    LONGEST_TEXT,
    MOST_DAYS,
    MOST_NODES,
    MOST_TIMES,
    read,
    type_of_property,
)
from leads.criteria.tree import All, BadCriteria, Compare, Did, Node, Not, leaves
from tests import make

pytestmark = pytest.mark.django_db


def faults(tree: Any, **how: Any) -> list[tuple[str, str]]:
    try:
        read(tree, **how)
    except BadCriteria as bad:
        return bad.errors
    return []


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op, "value": value}


def only_leaf(tree: Any) -> Any:
    (leaf,) = leaves(read(tree))
    return leaf


def test_each_node_knows_the_path_to_it() -> None:
    node = read({"all": [{"not": {"any": [field("title", "is_empty")]}}]})
    assert isinstance(node, All)
    assert [leaf.path for leaf in leaves(node)] == ["/all/0/not/any/0"]


def test_a_day_is_read_as_a_day() -> None:
    assert only_leaf(field("created_at", ">=", "2026-02-28")).value == date(2026, 2, 28)


@pytest.mark.parametrize(
    "day", ["20260228", "2026-2-28", "2026-02-29", "２０２６-02-28", "2026-W09-6", "", None, 20260228]
)
def test_only_a_day_of_the_calendar_in_ten_letters_is_a_day(day: Any) -> None:
    assert faults(field("created_at", "=", day)) == [("", "Write a day as YYYY-MM-DD.")]


def test_several_values_are_kept_in_their_order_and_doubled_ones_too() -> None:
    assert only_leaf(field("title", "in", ["b", "a", "b"])).value == ("b", "a", "b")


def test_a_pair_may_be_of_two_equal_values_but_not_upside_down() -> None:
    assert only_leaf(field("company.employees", "between", [5, 5])).value == (5, 5)
    assert faults(field("company.employees", "between", [5, 4.9])) == [("", "The first value is above the second.")]


@pytest.mark.parametrize("pair", [None, 5, [], [1], [1, 2, 3], {"0": 1, "1": 2}])
def test_between_takes_exactly_two(pair: Any) -> None:
    assert faults(field("company.employees", "between", pair)) == [("", "“Between” takes two values.")]


def test_each_wrong_value_of_a_list_is_told() -> None:
    assert len(faults(field("company.employees", "in", [1, "2", None]))) == 2


@pytest.mark.parametrize(("extra", "wrong"), [(0, 0), (1, 1)])
def test_a_list_is_as_long_as_it_may_be(extra: int, wrong: int) -> None:
    assert len(faults(field("title", "in", ["x"] * (LONGEST_LIST + extra)))) == wrong


@pytest.mark.parametrize(("extra", "wrong"), [(0, 0), (1, 1)])
def test_a_text_is_as_long_as_it_may_be(extra: int, wrong: int) -> None:
    assert len(faults(field("title", "=", "あ" * (LONGEST_TEXT + extra)))) == wrong


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (LARGEST_NUMBER, []),
        (-LARGEST_NUMBER, []),
        (LARGEST_NUMBER + 1, ["That number is too large."]),
        (-LARGEST_NUMBER - 1, ["That number is too large."]),
        (10**400, ["That number is too large."]),
        (float("inf"), ["Write a number."]),
    ],
)
def test_numbers_have_a_bound_on_both_sides(number: Any, told: list[str]) -> None:
    assert [message for _path, message in faults(field("company.revenue", ">", number))] == told


@pytest.mark.parametrize(
    ("bounds", "wrong"),
    [
        ({"at_least": 1}, 0),
        ({"at_least": MOST_TIMES}, 0),
        ({"at_least": MOST_TIMES + 1}, 1),
        ({"at_most": 0}, 0),
        ({"at_most": -1}, 1),
        ({"at_most": True}, 1),
        ({"within_days": 1}, 0),
        ({"within_days": 0}, 1),
        ({"within_days": MOST_DAYS}, 0),
        ({"within_days": MOST_DAYS + 1}, 1),
        ({"at_least": 1.0}, 1),
        ({"at_least": "２"}, 1),
    ],
)
def test_times_and_days_are_whole_numbers_within_bounds(bounds: dict[str, Any], wrong: int) -> None:
    assert len(faults({"did": "call"} | bounds)) == wrong


def test_who_did_something_did_it_once_at_least() -> None:
    did = only_leaf({"did": "call"})
    assert (did.at_least, did.at_most, did.within_days, did.where) == (1, None, None, None)
    assert only_leaf({"did": "call", "at_most": 2}).at_least is None


def test_a_tree_is_as_deep_as_it_may_be() -> None:
    tree: dict[str, Any] = field("title", "is_empty")
    for _ in range(DEEPEST - 1):
        tree = {"not": tree}
    assert faults(tree) == []
    assert [message for _path, message in faults({"not": tree})] == ["Groups nest at most 10 deep."]


def test_a_tree_has_as_many_conditions_as_it_may_have() -> None:
    most = [field("title", "is_empty")] * (MOST_NODES - 1)
    assert faults({"all": most}) == []
    assert [message for _path, message in faults({"all": [*most, most[0]]})] == ["That is more than 300 conditions."]


def test_what_an_activity_carries_counts_towards_the_bounds() -> None:
    many = {"did": "call", "where": {"all": [field("url", "is_empty")] * MOST_NODES}}
    assert [message for _path, message in faults(many)] == ["That is more than 300 conditions."]


@pytest.mark.parametrize("join", ["all", "any", "not", "did", "field"])
def test_a_word_beside_the_condition_is_named(join: str) -> None:
    whole = {"all": [], "any": [], "not": {"all": []}, "did": "call", "field": "title"}
    tree = {join: whole[join], "colour": 1} | ({"op": "is_empty"} if join == "field" else {})
    assert faults(tree) == [("", "“colour” is not known here.")]


@pytest.mark.parametrize(
    ("op", "message"), [("~", "There is no comparison “~”."), (None, "There is no comparison “None”.")]
)
def test_a_comparison_that_does_not_exist_is_named(op: Any, message: str) -> None:
    assert faults({"field": "title", "op": op, "value": "x"}) == [("", message)]


def test_a_comparison_that_does_not_fit_is_told_otherwise() -> None:
    assert faults(field("company.employees", "contains", 5)) == [("", "“contains” does not fit this attribute.")]


def test_a_choice_is_one_of_the_list_and_none_of_it_is_not_empty() -> None:
    assert faults(field("consent", "=", "given")) == []
    assert faults(field("consent", "=", "")) == [("", "“” is not in the list.")]
    assert faults(field("consent", "in", ["given", "maybe"])) == [("", "“maybe” is not in the list.")]


def test_a_reference_is_the_id_of_one_that_is_there() -> None:
    owner = make.user()
    assert faults(field("owner", "=", owner.pk)) == []
    assert faults(field("owner", "=", owner.pk + 1)) == [("", f"“{owner.pk + 1}” is not in the list.")]
    assert faults(field("owner", "=", str(owner.pk))) == [("", "Choose from the list.")]
    assert faults(field("owner", "=", True)) == [("", "Choose from the list.")]


def test_what_was_checked_when_it_was_saved_is_not_asked_for_again(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        read({"all": [{"did": "dancing"}, field("owner", "=", 12345), field("consent", "=", "maybe")]}, strict=False)


def test_an_attribute_that_was_removed_since_is_missing_for_everybody() -> None:
    (gone, empty) = leaves(
        read({"all": [field("custom.gone", ">", 5), field("custom.gone", "is_empty")]}, strict=False)
    )
    assert isinstance(gone, Compare)
    assert isinstance(empty, Compare)
    assert (gone.field.now, gone.op, empty.op) == ("NULL::text", "=", "is_empty")
    assert faults(field("title_", "=", "x"), strict=False) == [("", "There is no attribute “title_”.")]


def test_a_removed_attribute_stays_refused_in_what_is_saved_now() -> None:
    assert faults(field("custom.gone", "=", "x")) == [("", "There is no attribute “custom.gone”.")]


def test_a_name_that_is_far_too_long_is_cut_in_the_message() -> None:
    ((_path, message),) = faults(field("x" * 500, "=", "x"))
    assert message == f"There is no attribute “{'x' * 80}”."


@pytest.mark.parametrize("scope", ["fit", "persona"])
def test_an_attribute_out_of_scope_is_named_by_its_label(scope: str) -> None:
    told = [message for _path, message in faults(field("stage", "=", "mql"), scope=scope)]
    assert told == ["“Stage” cannot be named here: only who a lead is and did."]


@pytest.mark.parametrize(
    ("op", "value", "type_"),
    [
        ("=", True, Type.BOOLEAN),
        ("=", 3, Type.NUMBER),
        ("in", [2.5, 3], Type.NUMBER),
        ("=", "2026-01-01", Type.TEXT),
        (">=", "2026-01-01", Type.DATE),
        ("between", ["2026-01-01", "2026-02-01"], Type.DATE),
        ("between", [1, 2], Type.NUMBER),
        ("contains", "x", Type.TEXT),
        ("in", [], Type.TEXT),
        ("is_empty", None, Type.TEXT),
    ],
)
def test_a_property_has_the_type_of_what_it_is_compared_with(op: str, value: Any, type_: Type) -> None:
    assert type_of_property(op, value) is type_


def test_a_property_is_compared_inside_an_activity_only() -> None:
    node: Node = read({"did": "page_view", "where": {"not": field("any name (1)", "=", 3)}})
    assert isinstance(node, Did)
    assert isinstance(node.where, Not)
    assert isinstance(node.where.child, Compare)
    assert (node.where.path, node.where.child.field.name) == ("/where", "any name (1)")
    assert faults(field("any name (1)", "=", 3))


@pytest.mark.parametrize("name", ["", None, 5, "nul\0", "x" * (LONGEST_TEXT + 1)])
def test_a_property_has_a_name_that_can_be_kept(name: Any) -> None:
    told = [message for _path, message in faults({"did": "call", "where": {"field": name, "op": "=", "value": "x"}})]
    assert told[-1] == "Name the property."


def test_faults_are_told_in_the_language_of_the_page() -> None:
    with translation.override("ja"):
        assert faults(field("title", "=", "")) == [("", "文字を入力してください。")]
