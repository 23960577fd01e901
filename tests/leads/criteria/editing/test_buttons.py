"""What the editor's buttons do to a tree."""

import pytest

from leads.criteria.editing.buttons import numbered, press, pressed
from leads.criteria.editing.parts import Group, Leaf, group_of


def title(value: str) -> Leaf:
    return Leaf("field:title", "=", [value])


def words(group: Group) -> list[str]:
    return [part.values[0] for part in group.parts if isinstance(part, Leaf)]


def test_the_button_of_this_field_counts() -> None:
    assert pressed({"c.do": "add:r", "d.do": "remove:r-0"}, "c") == "add:r"
    assert pressed({"d.do": "add:r"}, "c") == ""


def test_every_part_has_its_place_and_what_an_activity_carries_too() -> None:
    root = group_of(
        {"all": [{"did": "call", "where": {"field": "a", "op": "=", "value": "x"}}, {"any": [{"did": "x"}]}]}
    )
    numbered(root, "r")
    assert [part.path for part in root.every()] == ["r-0", "r-0-w", "r-0-w-0", "r-1", "r-1-0"]


def test_a_new_condition_comes_last_and_has_the_focus() -> None:
    root = Group("all", [title("a")])
    assert press(root, "add:r") == "r-1"
    new = root.parts[1]
    assert isinstance(new, Leaf)
    assert (new.what, new.is_new) == ("", True)


@pytest.mark.parametrize(("join", "inner"), [("all", "any"), ("any", "all"), ("none", "all")])
def test_a_new_group_joins_otherwise_than_the_one_around_it(join: str, inner: str) -> None:
    root = Group(join, [title("a")])
    assert press(root, "group:r") == "r-1-0"
    new = root.parts[1]
    assert isinstance(new, Group)
    assert (new.join, len(new.parts)) == (inner, 1)


def test_inside_an_activity_a_new_condition_is_about_what_it_carries() -> None:
    root = Group("all", [Leaf("did:call")])
    assert press(root, "where:r-0") == "r-0-w-0"
    assert press(root, "add:r-0-w") == "r-0-w-1"
    leaf = root.parts[0]
    assert isinstance(leaf, Leaf)
    assert leaf.where is not None
    assert [part.kind for part in leaf.where.parts if isinstance(part, Leaf)] == ["property", "property"]


def test_the_one_that_is_removed_goes_also_among_equal_ones() -> None:
    root = Group("all", [title("a"), title("b"), title("b")])
    assert press(root, "remove:r-1") == "r"
    assert words(root) == ["a", "b"]
    press(root, "remove:r-0")
    assert words(root) == ["b"]


def test_the_focus_goes_to_the_group_that_it_was_in() -> None:
    root = Group("all", [Group("any", [title("a"), title("b")])])
    assert press(root, "remove:r-0-1") == "r-0"


def test_one_of_several_conditions_on_an_activity_leaves_the_others() -> None:
    where = Group("all", [Leaf("property:url"), Leaf("property:page")])
    root = Group("all", [Leaf("did:call", where=where)])
    press(root, "remove:r-0-w-0")
    assert [part.name for part in where.parts if isinstance(part, Leaf)] == ["page"]


def test_the_conditions_on_an_activity_go_at_once() -> None:
    leaf = Leaf("did:call", where=Group("all", [Leaf("property:url")]))
    press(Group("all", [leaf]), "remove:r-0-w")
    assert leaf.where is None


@pytest.mark.parametrize(
    "button", ["", "add", "add:r-7", "add:r-0", "group:r-0", "where:r", "remove:r", "burn:r-0", ":r"]
)
def test_what_no_button_says_does_nothing(button: str) -> None:
    root = Group("all", [title("a")])
    assert press(root, button) == ""
    assert root.parts == [title_at("r-0")]


def title_at(path: str) -> Leaf:
    leaf = title("a")
    leaf.path = path
    return leaf
