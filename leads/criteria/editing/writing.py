"""The tree in the editor, written as JSON, with errors at its parts."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leads.criteria.editing.buttons import numbered
from leads.criteria.editing.parts import PROPERTY_OPERATORS, ROOT, Group, Leaf, Part
from leads.criteria.fields import Catalogue, Field, Type
from leads.criteria.parsing import read
from leads.criteria.tree import BadCriteria, Errors


@dataclass
class Writer:
    """Turns the form into a tree, and notes at each part where in the tree it went."""

    catalogue: Catalogue
    without: set[str] = field(default_factory=set)  # Paths of conditions that are not finished.

    def group(self, group: Group, pointer: str = "") -> dict[str, Any]:
        group.pointer = pointer
        inside = f"{pointer}/not/any" if group.join == "none" else f"{pointer}/{group.join}"
        parts: list[Any] = []
        for part in group.parts:
            if part.path in self.without:
                part.tree = None
                continue
            here = f"{inside}/{len(parts)}"
            parts.append(self.group(part, here) if isinstance(part, Group) else self.leaf(part, here))
        tree: dict[str, Any] = {"not": {"any": parts}} if group.join == "none" else {group.join: parts}
        group.tree = tree
        return tree

    def leaf(self, leaf: Leaf, pointer: str) -> dict[str, Any]:
        leaf.pointer = pointer
        tree = self.doing(leaf) if leaf.kind == "did" else self.comparison(leaf)
        leaf.tree = tree
        return tree

    def doing(self, leaf: Leaf) -> dict[str, Any]:
        tree: dict[str, Any] = {"did": leaf.name, leaf.bound: number(leaf.times or "1")}
        tree["within_days"] = number(leaf.days) if leaf.days else None
        if leaf.where is not None:
            tree["where"] = self.group(leaf.where, leaf.pointer + "/where")
        return tree

    def comparison(self, leaf: Leaf) -> dict[str, Any]:
        known = None if leaf.kind == "property" else self.catalogue.get(leaf.name)
        op = operator(leaf, known)
        tree: dict[str, Any] = {"field": leaf.name, "op": op}
        if op == "is_empty":
            return tree
        type_ = known.type if known else Type.TEXT
        values = [self.value(text, type_, leaf) for text in leaf.values]
        if op in ("in", "not_in"):
            tree["value"] = values
        elif op == "between":
            tree["value"] = [*values, "", ""][:2]
        else:
            tree["value"] = values[0] if values else ""
        return tree

    def value(self, text: str, type_: Type, leaf: Leaf) -> Any:
        if leaf.kind == "property":
            # More or less than something is about a number, or about a day.
            return number(text) if leaf.op in (">=", "<=", ">", "<", "between") else text
        match type_:
            case Type.NUMBER | Type.REFERENCE:
                return number(text)
            case Type.BOOLEAN:
                return {"true": True, "false": False}.get(text, text)
            case Type.DATE:
                return unicodedata.normalize("NFKC", text)
        return text


def operator(leaf: Leaf, known: Field | None) -> str:
    """The comparison that was chosen, or the first one where it does not fit what is compared any more."""
    allowed = PROPERTY_OPERATORS if leaf.kind == "property" else known.operators if known else ()
    return leaf.op if leaf.op in allowed or not allowed else allowed[0]


def number(text: str) -> Any:
    """A number as people write it: "5,000", "５０００". What is none stays as it was typed."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "")
    for kind in (int, float):
        try:
            value = kind(plain)
        except ValueError:
            continue
        # "nan" and "1e999" are numbers to Python, not to people; and an underscore is none of theirs.
        return value if "_" not in plain and json.dumps(value) not in ("NaN", "Infinity", "-Infinity") else text
    return text


def written(root: Group, scope: str = "all") -> tuple[dict[str, Any], Errors]:
    """The tree, and what is wrong with it; each fault also at its part of the form."""
    numbered(root, ROOT)
    for part in (root, *root.every()):
        part.errors.clear()
    tree = Writer(Catalogue(scope)).group(root)
    try:
        read(tree, scope=scope)
    except BadCriteria as bad:
        parts = {part.pointer: part for part in root.every()} | {"": root}
        for pointer, message in bad.errors:
            nearest(parts, pointer).errors.append(message)
        return tree, bad.errors
    return tree, []


def nearest(parts: Mapping[str, Part], pointer: str) -> Part:
    """The part of the form that a pointer into the tree lies in."""
    while pointer not in parts:
        pointer = pointer.rpartition("/")[0]
    return parts[pointer]


def finished(root: Group, scope: str = "all") -> dict[str, Any]:
    """The tree without what is not finished yet: what can be counted and read out meanwhile."""
    without = {part.path for part in root.every() if part.errors}
    return Writer(Catalogue(scope), without).group(root)
