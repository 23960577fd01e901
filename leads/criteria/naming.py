"""Which attributes a tree rests on: those that it names, and those behind a score or a persona that it names."""

from __future__ import annotations

from leads.criteria.parsing import read
from leads.criteria.tree import Compare, Tree, leaves

OF_COMPANY = "company."
# What follows from another attribute, and a person's word.
ALSO = {"is_free_mail": "email", "fit": "quadrant_override", "quadrant": "quadrant_override"}


def rests_on(tree: Tree) -> set[str]:
    """The attributes, as history keeps their changes: "lead.title", "company.employees"."""
    found: set[str] = set()
    for leaf in leaves(read(tree, strict=False)):
        if isinstance(leaf, Compare):
            found |= kept_as(leaf.field.name)
            for other in leaf.field.made_of() if leaf.field.made_of else ():
                found |= rests_on(other)
    return found


def kept_as(name: str) -> set[str]:
    """The attributes whose changes are changes of a field."""
    if name.startswith(OF_COMPANY):
        return {name, "lead.company"}
    return {f"lead.{ALSO.get(name, name)}"}
