"""What the rows of one kind are: their fields, what each must give, and which of them are about the same thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from leads.importing.engine.fields import Field, Prefix, Values, Words
from leads.importing.engine.staging import COMMON, Column
from leads.importing.files import cells


@dataclass(frozen=True)
class Part:
    """Another thing that rows describe beside their own: by what it is known, and which fields are about it."""

    match_keys: Callable[[Values], Iterable[str]]
    owns: Callable[[str], bool]


class RowFormat:
    """The rows of leads, of activities, …: subclasses state it in their class attributes."""

    key: ClassVar[str]
    label: ClassVar[Words]
    help: ClassVar[Words]
    fields: ClassVar[Mapping[str, Field]]
    prefixes: ClassVar[tuple[Prefix, ...]] = ()
    # Other names for fields.
    aliases: ClassVar[Mapping[str, str]] = {}
    # The fields that match keys are made of. Without any, no two rows are about the same thing.
    match_fields: ClassVar[frozenset[str]] = frozenset()
    # Fields that a later row about the same thing does not override.
    kept: ClassVar[frozenset[str]] = frozenset()
    parts: ClassVar[tuple[Part, ...]] = ()
    # Columns of the staging table beside those of the fields: what statements find out about a row.
    working_columns: ClassVar[tuple[Column, ...]] = ()

    def missing_required(self, values: Values) -> str:
        """The reason why the row cannot be taken: what it must give and does not. Empty when it gives all."""
        return ""

    def match_keys(self, values: Values) -> Iterable[str]:
        """By what two rows are about the same thing; a later one overrides the earlier. A key begins with the name of
        the field that it is made of."""
        return ()

    def claims(self, values: Values) -> Iterable[tuple[str, tuple[str, ...]]]:
        """What the row says of whom its match keys name, by key: rows of one file may contradict each other there
        (`engine.contradictions`)."""
        return ()

    def complete(self, values: Values) -> None:
        """Fill in what follows from the cells of a row, once all are read. Raises `Refused` for what cannot be."""

    def find_field(self, name: str) -> Field | None:
        """The field of that name, also custom.NAME and the like."""
        name = self.aliases.get(name, name)
        if name in self.fields:
            return self.fields[name]
        prefix = self.prefix_of(name)
        if prefix is None:
            return None
        return Field(name, name.removeprefix(prefix.name), cells.text(2000), group=prefix.group)

    def prefix_of(self, name: str) -> Prefix | None:
        """The prefix that the name begins with, and goes on behind."""
        if name in self.fields:
            return None
        return next((each for each in self.prefixes if name.startswith(each.name) and name != each.name), None)

    def staging_columns(self) -> tuple[Column, ...]:
        """The whole staging table for rows of this kind."""
        of_fields = [Column(field.name, field.sql) for field in self.fields.values() if field.sql and not field.into]
        of_prefixes = [Column(prefix.column, "jsonb") for prefix in self.prefixes]
        return (*COMMON, *of_fields, *of_prefixes, *self.working_columns)
