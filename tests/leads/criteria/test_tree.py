"""The tree of conditions as typed nodes."""

from leads.criteria.fields import Field, Type
from leads.criteria.tree import All, Any_, BadCriteria, Compare, Did, Not, leaves, nodes

TITLE = Compare("/all/0", Field("title", Type.TEXT, "Title", "x"), "=", "CTO")
CALL = Did("/all/1/not/any/0", "call", where=Compare("/all/1/not/any/0/where", TITLE.field, "=", "x"))
ANY = Any_("/all/1/not", (CALL,))
NOT = Not("/all/1", ANY)
TREE = All("", (TITLE, NOT))


def test_leaves_come_in_reading_order() -> None:
    assert list(leaves(TREE)) == [TITLE, CALL]


def test_nodes_are_the_node_and_everything_below_it_but_not_what_activities_carry() -> None:
    assert list(nodes(TREE)) == [TREE, TITLE, NOT, ANY, CALL]


def test_a_leaf_is_its_own_only_leaf() -> None:
    assert list(leaves(CALL)) == [CALL]
    assert list(nodes(CALL)) == [CALL]


def test_faults_are_told_with_their_places_and_the_root_by_a_slash() -> None:
    bad = BadCriteria([("", "Too long."), ("/all/0", "Write a number.")])
    assert str(bad) == "/: Too long.; /all/0: Write a number."
