"""A tree in the editor: groups and conditions as form fields, with what was typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

ROOT = "r"
JOINS = ("all", "any", "none")
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
