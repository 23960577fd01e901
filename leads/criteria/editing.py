"""A tree while somebody works on it: as form fields, with what was typed, however wrong it still is.

A place in the form is a path such as "r-0-2": the root, its first part, that one's third; "r-0-w" is what the
activities of r-0 must carry. Fields are named NAME.PATH.KEY, buttons NAME.do with "VERB:PATH".
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from leads.criteria.fields import Catalogue, Field, Type
from leads.criteria.tree import DEEPEST, BadCriteria, Errors, read

ROOT = "r"
JOINS = ("all", "any", "none")
COMMAS = re.compile("[、，\n]")
Join: TypeAlias = Literal["all", "any", "none"]
PROPERTY_OPERATORS = (
    "contains", "=", "!=", "starts_with", ">=", "<=", ">", "<", "between", "in", "not_in", "is_empty",
)  # fmt: skip


@dataclass
class Leaf:
    """One condition as it was typed. `what` is "field:NAME", "did:KIND", or "property:NAME" inside a `where`."""

    what: str = ""
    op: str = ""
    values: list[str] = field(default_factory=list)
    bound: str = "at_least"
    times: str = "1"
    days: str = ""
    where: Group | None = None
    path: str = ""
    pointer: str = ""
    errors: list[str] = field(default_factory=list)
    count: int | None = None
    tree: Any = None
    is_new: bool = False

    @property
    def kind(self) -> str:
        return self.what.partition(":")[0]

    @property
    def name(self) -> str:
        return self.what.partition(":")[2]

    @property
    def is_blank(self) -> bool:
        """Nothing was typed yet: no reason to complain before somebody saves."""
        return self.kind != "did" and not any(self.values)


@dataclass
class Group:
    """All of these, any of these, or none of these."""

    join: str = "all"
    parts: list[Part] = field(default_factory=list)
    path: str = ""
    pointer: str = ""
    errors: list[str] = field(default_factory=list)
    count: int | None = None
    tree: Any = None

    def every(self) -> Iterator[Part]:
        for part in self.parts:
            yield part
            if isinstance(part, Group):
                yield from part.every()
            elif part.where is not None:
                yield part.where
                yield from part.where.every()


Part: TypeAlias = Group | Leaf


# From JSON


def group_of(tree: Any) -> Group:
    """A tree as the form shows it. What is no group stands alone in one."""
    part = part_of(tree if isinstance(tree, Mapping) else {"all": []})
    return part if isinstance(part, Group) else Group("all", [part])


def part_of(tree: Any) -> Part:
    if not isinstance(tree, Mapping):
        return Leaf()
    for join in ("all", "any"):
        if join in tree and isinstance(tree[join], list):
            return Group(join, [part_of(part) for part in tree[join]])
    if "not" in tree:
        inner = tree["not"]
        if isinstance(inner, Mapping) and isinstance(inner.get("any"), list):
            return Group("none", [part_of(part) for part in inner["any"]])
        return Group("none", [part_of(inner)])
    if "did" in tree:
        return doing_of(tree)
    return Leaf(f"field:{tree.get('field', '')}", str(tree.get("op", "")), texts(tree.get("value")))


def doing_of(tree: Mapping[str, Any]) -> Leaf:
    bound = "at_most" if tree.get("at_most") is not None else "at_least"
    times = tree.get(bound)
    days = tree.get("within_days")
    where = group_of(tree["where"]) if tree.get("where") is not None else None
    if where is not None:
        for part in where.every():
            if isinstance(part, Leaf):
                part.what = "property:" + part.name
    return Leaf(
        f"did:{tree['did']}",
        bound=bound,
        times="1" if times is None else str(times),
        days="" if days is None else str(days),
        where=where,
    )


def texts(value: Any) -> list[str]:
    match value:
        case None:
            return []
        case bool():
            return ["true" if value else "false"]
        case list() | tuple():
            return [text for each in value for text in texts(each)]
    return [str(value)]


# From what was posted


def posted(data: Mapping[str, Any], name: str) -> Group:
    """Read what the form sent. Nothing typed is lost, whatever it is."""
    return _Posted(data, name).group(ROOT)


class _Posted:
    def __init__(self, data: Any, name: str) -> None:
        self.data, self.name = data, name
        self.below: dict[str, set[str]] = {}
        for key in data:
            if not key.startswith(name + "."):
                continue
            path = key[len(name) + 1 :].rpartition(".")[0]
            if path.count("-") > 3 * DEEPEST:
                continue
            while "-" in path:
                parent, _, step = path.rpartition("-")
                self.below.setdefault(parent, set()).add(step)
                path = parent

    def text(self, path: str, key: str) -> str:
        return str(self.data.get(f"{self.name}.{path}.{key}", "")).strip()

    def texts(self, path: str, key: str) -> list[str]:
        full = f"{self.name}.{path}.{key}"
        found = self.data.getlist(full) if hasattr(self.data, "getlist") else self.data.get(full, [])
        return [str(each).strip() for each in ([found] if isinstance(found, str) else found)]

    def group(self, path: str) -> Group:
        join = self.text(path, "join")
        steps = sorted((step for step in self.below.get(path, ()) if step.isdecimal()), key=int)
        parts = [self.part(f"{path}-{step}") for step in steps]
        return Group(join if join in JOINS else "all", parts)

    def part(self, path: str) -> Part:
        if f"{self.name}.{path}.join" in self.data:
            return self.group(path)
        return Leaf(
            self.what(path),
            self.text(path, "op"),
            self.values(path),
            self.text(path, "bound") if self.text(path, "bound") == "at_most" else "at_least",
            # What was something else a moment ago has no number of times yet.
            self.text(path, "times") if f"{self.name}.{path}.times" in self.data else "1",
            self.text(path, "days"),
            self.group(f"{path}-w") if f"{self.name}.{path}-w.join" in self.data else None,
        )

    def what(self, path: str) -> str:
        if f"{self.name}.{path}.property" in self.data:
            return "property:" + self.text(path, "property")
        return self.text(path, "what")

    def values(self, path: str) -> list[str]:
        """A list is typed with commas, or chosen; a value with a comma stands in quotation marks."""
        if f"{self.name}.{path}.list" in self.data:
            typed = COMMAS.sub(",", self.text(path, "list"))
            return [each.strip() for row in csv.reader([typed], skipinitialspace=True) for each in row if each.strip()]
        return self.texts(path, "value")


def as_list(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' if re.search("[,、，]", value) else value for value in values)


# What the buttons do


def pressed(data: Mapping[str, Any], name: str) -> str:
    """The verb and the path of the button that was pressed, if it is one of ours."""
    return str(data.get(f"{name}.do", ""))


def press(root: Group, button: str) -> str:
    """Do what a button says; returns the path that should have the focus next."""
    verb, _, path = button.partition(":")
    numbered(root, ROOT)
    found = {part.path: part for part in root.every()} | {ROOT: root}
    target = found.get(path)
    match verb, target:
        case "add", Group():
            target.parts.append(Leaf("property:" if "w" in path.split("-") else "", is_new=True))
            return f"{path}-{len(target.parts) - 1}"
        case "group", Group():
            target.parts.append(Group("any" if target.join == "all" else "all", [Leaf(is_new=True)]))
            return f"{path}-{len(target.parts) - 1}-0"
        case "where", Leaf():
            target.where = Group("all", [Leaf("property:", "contains", is_new=True)])
            return f"{path}-w-0"
        case "remove", Group() | Leaf() if path != ROOT:
            removed(found, path, target)
            return path.rpartition("-")[0]
    return ""


def removed(found: Mapping[str, Part], path: str, target: Part) -> None:
    above = found[path.rpartition("-")[0]]
    if isinstance(above, Leaf):
        above.where = None
        return
    above.parts = [part for part in above.parts if part is not target]
    if not above.parts and above.path.endswith("-w"):
        leaf = found[above.path.rpartition("-")[0]]
        if isinstance(leaf, Leaf):
            leaf.where = None


def numbered(group: Group, path: str) -> None:
    group.path = path
    for number, part in enumerate(group.parts):
        if isinstance(part, Group):
            numbered(part, f"{path}-{number}")
            continue
        part.path = f"{path}-{number}"
        if part.where is not None:
            numbered(part.where, f"{part.path}-w")


# Into JSON


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
