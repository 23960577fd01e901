"""The tree in the editor, read from a posted form."""

from typing import Any

import pytest
from django.http import QueryDict

from leads.criteria.editing.parts import Group, Leaf
from leads.criteria.editing.posting import as_list, posted
from leads.criteria.parsing import DEEPEST


def form(**fields: Any) -> QueryDict:
    """Fields of the component “c”: `r_0__what` is c.r-0.what."""
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        full = "c." + name.replace("__", ".").replace("_", "-")
        data.setlist(full, value if isinstance(value, list) else [value])
    return data


def only(root: Group) -> Leaf:
    (leaf,) = root.parts
    assert isinstance(leaf, Leaf)
    return leaf


def test_parts_come_in_the_order_of_their_numbers() -> None:
    root = posted(form(r__join="any", r_10__what="c", r_2__what="b", r_0__what="a"), "c")
    assert root.join == "any"
    assert [part.what for part in root.parts if isinstance(part, Leaf)] == ["a", "b", "c"]


def test_a_part_of_another_component_is_not_read() -> None:
    data = form(r__join="all", r_0__what="a")
    data["cc.r-1.what"] = "b"
    assert len(posted(data, "c").parts) == 1


def test_a_join_that_is_none_is_all() -> None:
    assert posted(form(r__join="xor"), "c").join == "all"


def test_a_group_stands_in_a_group() -> None:
    root = posted(form(r__join="all", r_0__join="none", r_0_0__what="a"), "c")
    inner = root.parts[0]
    assert isinstance(inner, Group)
    assert inner.join == "none"
    assert only(inner).what == "a"


def test_spaces_around_what_was_typed_go() -> None:
    leaf = only(posted(form(r__join="all", r_0__what="field:title", r_0__value=[" a ", "　b　"]), "c"))
    assert leaf.values == ["a", "b"]


def test_both_values_of_a_pair_are_read() -> None:
    leaf = only(posted(form(r__join="all", r_0__op="between", r_0__value=["1", "2"]), "c"))
    assert (leaf.op, leaf.values) == ("between", ["1", "2"])


def test_a_plain_dict_will_do() -> None:
    assert only(posted({"c.r.join": "all", "c.r-0.value": "x"}, "c")).values == ["x"]


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("a, b,,c ", ["a", "b", "c"]),
        ("部長、課長，係長", ["部長", "課長", "係長"]),
        ('"Head, IT", x', ["Head, IT", "x"]),
        ("one\ntwo", ["one", "two"]),
        ("", []),
        (" , ", []),
    ],
)
def test_a_list_is_typed_with_commas_of_any_kind(typed: str, values: list[str]) -> None:
    assert only(posted(form(r__join="all", r_0__list=typed), "c")).values == values


def test_a_value_with_a_comma_is_shown_in_quotation_marks() -> None:
    assert as_list(["a", "Head, IT", "部長、課長"]) == 'a, "Head, IT", "部長、課長"'


def test_times_that_were_emptied_stay_empty_and_those_that_were_not_asked_for_are_one() -> None:
    assert only(posted(form(r__join="all", r_0__times=""), "c")).times == ""
    assert only(posted(form(r__join="all", r_0__what="did:call"), "c")).times == "1"


@pytest.mark.parametrize(("sent", "bound"), [("at_most", "at_most"), ("at_least", "at_least"), ("most", "at_least")])
def test_a_bound_is_one_of_two(sent: str, bound: str) -> None:
    assert only(posted(form(r__join="all", r_0__bound=sent), "c")).bound == bound


def test_what_an_activity_carries_is_named_by_its_property() -> None:
    leaf = only(posted(form(r__join="all", r_0__what="did:call", r_0_w__join="any", r_0_w_0__property=" url "), "c"))
    assert leaf.where is not None
    assert leaf.where.join == "any"
    assert only(leaf.where).what == "property:url"


def test_steps_that_are_no_numbers_are_left_out() -> None:
    assert posted(form(r__join="all", r_x__what="a", r_1__what="b"), "c").parts == [Leaf("b")]


def test_deeper_than_anything_said_is_not_read() -> None:
    deep = "r" + "-0" * (3 * DEEPEST + 1)
    assert posted({"c.r.join": "all", f"c.{deep}.what": "a"}, "c").parts == []
