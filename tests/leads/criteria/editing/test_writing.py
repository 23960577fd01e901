"""The tree in the editor, written as JSON."""

from typing import Any

import pytest

from leads.criteria.editing.parts import Group, Leaf, Part
from leads.criteria.editing.writing import finished, nearest, number, operator, written
from leads.criteria.fields import Field, Type

pytestmark = pytest.mark.django_db
CTO = {"field": "title", "op": "=", "value": "CTO"}


def cto() -> Leaf:
    return Leaf("field:title", "=", ["CTO"])


def tree_of(*parts: Part, join: str = "all", scope: str = "all") -> dict[str, Any]:
    return written(Group(join, list(parts)), scope)[0]


def only(leaf: Leaf) -> Any:
    return tree_of(leaf)["all"][0]


@pytest.mark.parametrize(
    ("join", "tree"), [("all", {"all": [CTO]}), ("any", {"any": [CTO]}), ("none", {"not": {"any": [CTO]}})]
)
def test_a_group_is_written_by_its_join(join: str, tree: dict[str, Any]) -> None:
    assert tree_of(cto(), join=join) == tree


def test_every_part_knows_where_in_the_tree_it_went() -> None:
    none = Group("none", [cto()])
    where = Group("any", [Leaf("property:url", "=", ["x"])])
    root = Group("all", [none, Leaf("did:call", where=where)])
    written(root)
    assert [part.pointer for part in root.every()] == [
        "/all/0", "/all/0/not/any/0", "/all/1", "/all/1/where", "/all/1/where/any/0",
    ]  # fmt: skip


def test_a_number_is_written_as_one_and_a_text_as_it_was_typed() -> None:
    assert only(Leaf("field:company.employees", ">=", ["５,０００"]))["value"] == 5000
    assert only(Leaf("field:title", "=", ["5000"]))["value"] == "5000"


@pytest.mark.parametrize(("typed", "kept"), [("true", True), ("false", False), ("maybe", "maybe")])
def test_yes_and_no_are_written_as_such(typed: str, kept: Any) -> None:
    assert only(Leaf("field:is_free_mail", "=", [typed]))["value"] == kept


def test_a_day_in_full_width_is_a_day() -> None:
    assert only(Leaf("field:created_at", ">=", ["２０２６－０４－０１"]))["value"] == "2026-04-01"


def test_is_empty_has_no_value_whatever_was_typed_before() -> None:
    assert only(Leaf("field:title", "is_empty", ["CTO"])) == {"field": "title", "op": "is_empty"}


@pytest.mark.parametrize(
    ("typed", "pair"), [([], ["", ""]), (["1"], [1, ""]), (["1", "2"], [1, 2]), (["1", "2", "3"], [1, 2])]
)
def test_between_has_two_values_however_many_were_typed(typed: list[str], pair: list[Any]) -> None:
    assert only(Leaf("field:company.employees", "between", typed))["value"] == pair


@pytest.mark.parametrize(("op", "value"), [("=", "5"), ("contains", "5"), (">=", 5), ("<", 5)])
def test_more_or_less_than_something_is_about_a_number(op: str, value: Any) -> None:
    where = Group("all", [Leaf("property:seconds", op, ["5"])])
    assert only(Leaf("did:call", where=where))["where"]["all"][0]["value"] == value


def test_times_left_empty_are_one_and_days_left_empty_are_open() -> None:
    assert only(Leaf("did:call", times="", days="")) == {"did": "call", "at_least": 1, "within_days": None}
    assert only(Leaf("did:call", bound="at_most", times="0", days="７")) == {
        "did": "call", "at_most": 0, "within_days": 7,
    }  # fmt: skip


def test_a_comparison_that_does_not_fit_any_more_becomes_the_first_that_does() -> None:
    employees = Field("n", Type.NUMBER, "N", "x")
    assert operator(Leaf("field:n", "contains"), employees) == ">="
    assert operator(Leaf("field:n", "between"), employees) == "between"
    assert operator(Leaf("property:n", "does"), None) == "contains"
    assert operator(Leaf("field:gone", "does"), None) == "does"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1 000", 1000),
        ("1.50", 1.5),
        ("−5", "−5"),
        ("-0", 0),
        ("1e3", 1000.0),
        ("Infinity", "Infinity"),
        ("", ""),
        ("٣", 3),
    ],
)
def test_a_number_is_what_people_write_as_one(typed: str, kept: Any) -> None:
    assert number(typed) == kept


def test_a_fault_is_told_at_its_part_and_the_others_stay_clean() -> None:
    good, bad = cto(), Leaf("field:company.employees", ">=", ["many"])
    _tree, errors = written(Group("all", [good, bad]))
    assert errors == [("/all/1", "Write a number.")]
    assert (good.errors, bad.errors) == ([], ["Write a number."])


def test_a_fault_of_what_an_activity_carries_is_told_there() -> None:
    leaf = Leaf("property:", "contains", ["x"])
    call = Leaf("did:call", where=Group("all", [leaf]))
    written(Group("all", [call]))
    assert (leaf.errors, call.errors) == (["Name the property."], [])


def test_faults_of_before_are_forgotten() -> None:
    leaf = cto()
    leaf.errors.append("Write a text.")
    written(Group("all", [leaf]))
    assert leaf.errors == []


def test_a_pointer_below_a_part_lies_in_that_part() -> None:
    root, leaf = Group(), Leaf()
    parts: dict[str, Part] = {"": root, "/all/1": leaf}
    assert nearest(parts, "/all/1/value") is leaf
    assert nearest(parts, "/all/12") is root


def test_meanwhile_what_is_not_finished_is_left_out() -> None:
    bad, inner = Leaf("field:title", "=", []), Group("any", [Leaf("field:title", "=", [""]), cto()])
    root = Group("all", [bad, inner])
    written(root)
    assert finished(root) == {"all": [{"any": [CTO]}]}
    assert bad.tree is None


def test_what_a_scope_does_not_know_is_not_finished() -> None:
    root = Group("all", [cto(), Leaf("field:stage", "=", ["mql"])])
    assert len(written(root, "fit")[1]) == 1
    assert finished(root, "fit") == {"all": [CTO]}
