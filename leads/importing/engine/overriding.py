"""Rows of one file about the same thing: the later overrides the earlier, cell by cell.

Known before the first row is imported, so that a file imported again changes nothing: otherwise the earlier row would
take back what the later one set, each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from leads.importing.engine.contradictions import Contradictions
from leads.importing.engine.fields import Values
from leads.importing.engine.mapping import Plan, Rejected, Row, reason
from leads.importing.engine.rows import Part
from leads.importing.files.cells import Refused
from leads.importing.files.reading import Record

# What lines give of one thing, by field: the line and the value.
Given = dict[str, tuple[int, Any]]


class KeyGroups:
    """Match keys that turn out to be of one thing, because a row has both."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def root(self, key: str) -> str:
        """One key that stands for all keys of the thing."""
        while (parent := self.parents.get(key, key)) != key:
            key = parent
        return key

    def join(self, keys: list[str]) -> None:
        for key in keys[1:]:
            if (one := self.root(keys[0])) != (other := self.root(key)):
                self.parents[other] = one


class Overriding:
    """What the last row gives of each thing that several rows are about; and how many rows the file has."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.parts = plan, parts_of(plan)
        self.key_columns = [column for column in plan.columns if column.field.name in plan.kind.match_fields]
        # By match key, what the last row gives, by field.
        self.last: dict[str, dict[str, Any]] = {}
        self.total = 0
        self.contradictions = Contradictions(plan.kind)
        self.refused: dict[int, str] = {}

    def look(self, records: Callable[[], Iterator[Record]]) -> None:
        """Read the file once for the match keys, and those rows again that share one."""
        shared = self._shared_keys(records())
        if not shared:
            return
        given: dict[str, Given] = {}
        groups = KeyGroups()
        for record in records():
            if not any(hash(key) in shared for key in self._keys(record)):
                continue
            try:
                row = self.plan.row(record, quietly=True)
            except Rejected:
                continue
            self.contradictions.note(row.line, row.values)
            for key, fields in self._about(row.values):
                if hash(key) in shared:
                    self._gather(given.setdefault(key, {}), {name: (row.line, row.values[name]) for name in fields})
            for part in self.parts:
                groups.join([key for key in part.match_keys(row.values) if hash(key) in shared])
        self.refused = self.contradictions.by_line()
        self._keep_last(given, groups)

    def _keep_last(self, given: dict[str, Given], groups: KeyGroups) -> None:
        """Of each thing, under all its keys, what the last line gives."""
        whole: dict[str, Given] = {}
        for key, fields in given.items():
            self._gather(whole.setdefault(groups.root(key), {}), fields)
        last = {key: {field: value for field, (_line, value) in fields.items()} for key, fields in whole.items()}
        self.last = {key: last[groups.root(key)] for key in given}

    def _gather(self, together: Given, more: Given) -> None:
        """Add what more lines give: the last of each field, or what no later line takes back."""
        for name, (line, value) in more.items():
            field = self.plan.kind.fields.get(name)
            known_at, known = together.get(name, (0, None))
            order = (bool(field and field.final and value == field.final), line)
            if order >= (bool(field and field.final and known == field.final), known_at):
                together[name] = (line, value)

    def _shared_keys(self, records: Iterator[Record]) -> set[int]:
        """The hashes of the keys that more than one row has: of a long file, all keys would not fit."""
        once: set[int] = set()
        twice: set[int] = set()
        for record in records:
            self.total += 1
            for key in self._keys(record):
                (twice if hash(key) in once else once).add(hash(key))
        return twice

    def _keys(self, record: Record) -> list[str]:
        """The match keys of a row, without reading all of it."""
        values: Values = {}
        for column in self.key_columns:
            try:
                values[column.field.name] = self.plan.read(column, record.cells, quietly=True)
            except Refused:
                continue
        return [key for part in self.parts for key in part.match_keys(values)] if self.key_columns else []

    def _about(self, values: Values) -> Iterator[tuple[str, list[str]]]:
        """The keys of what the row is about, each with the fields that the row gives of it."""
        for part in self.parts:
            fields = [field for field in values if part.owns(field) and field not in self.plan.kind.kept]
            for key in part.match_keys(values):
                # A row never overrides the key it was matched by.
                yield key, [field for field in fields if field != key.partition(" ")[0]]

    def without_overridden(self, row: Row) -> Row:
        """The row without what a later row gives otherwise. Raises `Rejected` where the file contradicts itself."""
        if told := self.refused.get(row.line):
            raise Rejected(Record(row.line, row.end, row.cells), [reason("", told)])
        if self.last and any(key in self.last for part in self.parts for key in part.match_keys(row.values)):
            for key, fields in list(self._about(row.values)):
                last = self.last.get(key, {})
                for field in fields:
                    if field in last and field in row.values and row.values[field] != last[field]:
                        del row.values[field]
        return row


def parts_of(plan: Plan) -> list[Part]:
    """The row's own thing, then others of which it gives more than their key."""
    own = Part(plan.kind.match_keys, partial(_is_about_row, plan.kind.parts, plan.kind.match_fields))
    others = [part for part in plan.kind.parts if sum(1 for field in plan.field_names if part.owns(field)) > 1]
    return [own, *others]


def _is_about_row(parts: tuple[Part, ...], match_fields: frozenset[str], field: str) -> bool:
    """Where somebody works is about the person; how large the company is, is not."""
    return not any(part.owns(field) for part in parts) or field in match_fields
