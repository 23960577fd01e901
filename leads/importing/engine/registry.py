"""What can be imported: kinds of rows and their fields. Apps above add theirs when they are ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from leads.importing.engine import cells
from leads.importing.engine.cells import Reader

if TYPE_CHECKING:
    from leads.importing.engine.batches import Batch

Words = str | Promise
# What one row says, by field. Only what it gives.
Values = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A column that a file may bring."""

    name: str
    label: Words
    read: Reader
    # Its type in PostgreSQL, where it waits in the staging table.
    sql: str = "text"
    group: Words = ""
    # Read into other fields (a full name): has no place of its own.
    into: tuple[str, ...] = ()
    is_moment: bool = False
    # Words that headers say for it, beside its name and its label.
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prefix:
    """Fields whose names the file brings: custom.NAME, properties.NAME. They wait together as one JSON object."""

    name: str
    label: Words
    group: Words = ""
    # Where the values wait in the staging table.
    column: str = ""


def stands_alone(values: Values) -> Iterable[str]:
    """No two rows are about the same thing."""
    return ()


@dataclass
class Kind:
    """Leads, activities, …: what a row is, and how rows of it are brought in."""

    key: str
    label: Words
    help: Words
    fields: dict[str, Field]
    # Brings one batch in, set at a time, in the caller's transaction.
    bring: Callable[[Batch], None]
    # What a row must give; returns the reason for what it lacks, or an empty text.
    lacks: Callable[[Values], str]
    prefixes: dict[str, Prefix] = field(default_factory=dict)
    # Other names for fields.
    aliases: Mapping[str, str] = field(default_factory=dict)
    # By what two rows of one file are about the same thing; a later one overrides the earlier.
    same: Callable[[Values], Iterable[str]] = stands_alone
    # Groups of fields that belong to another thing than the row's own: (its keys, its fields).
    parts: tuple[tuple[Callable[[Values], Iterable[str]], Callable[[str], bool]], ...] = ()
    # Fields that a later row does not override.
    kept: frozenset[str] = frozenset()
    # Read after all the cells of a row: fills in what follows from them.
    complete: Callable[[Values, Mapping[str, Field]], None] = lambda values, fields: None
    # Steps that apps above add: they see the batch once its rows are in.
    after: list[Callable[[Batch], None]] = field(default_factory=list)
    # The tables that grow.
    tables: tuple[str, ...] = ()

    def field(self, name: str) -> Field | None:
        """The field of that name, also custom.NAME and the like."""
        name = self.aliases.get(name, name)
        if name in self.fields:
            return self.fields[name]
        for prefix in self.prefixes.values():
            own = name.removeprefix(prefix.name)
            if own and own != name and prefix.name.count(".") <= name.count("."):
                return Field(name, own, cells.text(2000), group=prefix.group)
        return None


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    _kinds[kind.key] = kind


def register_fields(
    kind: str,
    fields: Iterable[Field],
    after: Callable[[Batch], None] | None = None,
    tables: tuple[str, ...] = (),
) -> None:
    """Add fields to a kind of a lower app, and the step that brings them in."""
    known = _kinds[kind]
    known.fields.update({field.name: field for field in fields})
    known.tables = tuple(dict.fromkeys([*known.tables, *tables]))
    if after and after not in known.after:
        known.after.append(after)


def kinds() -> dict[str, Kind]:
    return dict(_kinds)


def kind_of(key: str) -> Kind:
    """Raises `KeyError` for a kind that nobody brings in."""
    return _kinds[key]
