"""The tree of conditions as typed nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from leads.criteria.fields import Field

Tree: TypeAlias = Mapping[str, Any]
Errors: TypeAlias = list[tuple[str, str]]


class BadCriteria(ValueError):
    """A tree that says something that cannot be said. `errors` are (path, message); a path is a JSON pointer to the
    node, such as "/all/1/any/0", "" being the root."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(f"{path or '/'}: {message}" for path, message in errors))
        self.errors = errors


@dataclass(frozen=True)
class All:
    path: str
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Any_:
    path: str
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    path: str
    child: Node


@dataclass(frozen=True)
class Compare:
    """One attribute against a value."""

    path: str
    field: Field
    op: str
    value: Any = None


@dataclass(frozen=True)
class Did:
    """So many activities of one kind, perhaps only the last days', perhaps only those whose properties match."""

    path: str
    kind: str
    at_least: int | None = 1
    at_most: int | None = None
    within_days: int | None = None
    where: Node | None = None


Node: TypeAlias = All | Any_ | Not | Compare | Did


def leaves(node: Node) -> Iterator[Compare | Did]:
    """The conditions themselves, in reading order."""
    match node:
        case All() | Any_():
            for child in node.children:
                yield from leaves(child)
        case Not():
            yield from leaves(node.child)
        case _:
            yield node


def nodes(node: Node) -> Iterator[Node]:
    """The node and everything below it; not into `where`."""
    yield node
    match node:
        case All() | Any_():
            for child in node.children:
                yield from nodes(child)
        case Not():
            yield from nodes(node.child)
