"""Rows of one file about the same thing: the later overrides the earlier, cell by cell.

Known before the first row is brought in, so that a file brought in again changes nothing: otherwise the earlier row
would take back what the later one set, each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from leads.importing.engine.cells import Refused
from leads.importing.engine.mapping import Plan, Rejected, Row
from leads.importing.engine.reading import Record
from leads.importing.engine.registry import Values, stands_alone

Names = Callable[[Values], Iterable[str]]
# The names of one thing that a row is about, and which fields are about it.
Part = tuple[Names, Callable[[str], bool]]


class Same:
    """Names that turn out to be of one thing, because a row has both."""

    def __init__(self) -> None:
        self.leads_to: dict[str, str] = {}

    def of(self, name: str) -> str:
        while (further := self.leads_to.get(name, name)) != name:
            name = further
        return name

    def join(self, names: list[str]) -> None:
        for name in names[1:]:
            if (one := self.of(names[0])) != (other := self.of(name)):
                self.leads_to[other] = one


class Overriding:
    """What the last row says of each thing that several rows are about. Of rows that stand alone it keeps a number."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.parts = plan, parts_of(plan)
        alone = all(names is stands_alone for names, _own in self.parts)
        self.naming = [] if alone else [column for column in plan.columns if _names_something(column.field.name)]
        self.last: dict[str, dict[str, Any]] = {}
        self.total = 0

    def look(self, records: Callable[[], Iterator[Record]]) -> None:
        """Read the file once for the names of things, and those rows again that share one."""
        shared = self._shared_names(records())
        if not shared:
            return
        said: dict[str, dict[str, tuple[int, Any]]] = {}
        same = Same()
        for record in records():
            if not any(hash(name) in shared for name in self._names(record)):
                continue
            try:
                row = self.plan.row(record, quietly=True)
            except Rejected:
                continue
            about = [(name, fields) for name, fields in self._about(row.values) if hash(name) in shared]
            for name, fields in about:
                said.setdefault(name, {}).update({field: (row.line, row.values[field]) for field in fields})
            for names, _own in self.parts:
                same.join([name for name in names(row.values) if hash(name) in shared])
        self._keep_last(said, same)

    def _keep_last(self, said: dict[str, dict[str, tuple[int, Any]]], same: Same) -> None:
        """Of each thing, under all its names, what the last line says."""
        together: dict[str, dict[str, tuple[int, Any]]] = {}
        for name, fields in said.items():
            whole = together.setdefault(same.of(name), {})
            for field, (line, value) in fields.items():
                if field not in whole or whole[field][0] <= line:
                    whole[field] = (line, value)
        last = {name: {field: value for field, (_line, value) in whole.items()} for name, whole in together.items()}
        self.last = {name: last[same.of(name)] for name in said}

    def _shared_names(self, records: Iterator[Record]) -> set[int]:
        once: set[int] = set()
        twice: set[int] = set()
        for record in records:
            self.total += 1
            for name in self._names(record) if self.naming else ():
                (twice if hash(name) in once else once).add(hash(name))
        return twice

    def _names(self, record: Record) -> list[str]:
        """The names in a row, without reading all of it."""
        values: Values = {}
        for column in self.naming:
            try:
                values[column.field.name] = self.plan.read(column, record.cells, quietly=True)
            except Refused:
                continue
        return [name for names, _own in self.parts for name in names(values)]

    def _about(self, values: Values) -> Iterator[tuple[str, list[str]]]:
        """What the row is about, each with the fields that the row gives of it."""
        for names, own in self.parts:
            fields = [field for field in values if own(field) and field not in self.plan.kind.kept]
            for name in names(values):
                # By what a thing is known is not overridden by another row that knows it by the same.
                yield name, [field for field in fields if field != name.partition(" ")[0]]

    def without_overridden(self, row: Row) -> Row:
        """The row without what a later row says otherwise."""
        last_of = self.last
        if last_of and any(name in last_of for names, _own in self.parts for name in names(row.values)):
            for name, fields in list(self._about(row.values)):
                last = last_of.get(name, {})
                for field in fields:
                    if field in last and field in row.values and row.values[field] != last[field]:
                        del row.values[field]
        return row


def _names_something(field: str) -> bool:
    return field.rpartition(".")[2] in ("external_id", "email", "name", "domain", "opened_at")


def parts_of(plan: Plan) -> list[Part]:
    """The row's own thing, then others that it tells more of than their name."""
    others = [own for _names, own in plan.kind.parts]
    parts: list[Part] = [(plan.kind.same, partial(_is_about_row, others))]
    parts += [part for part in plan.kind.parts if sum(1 for field in plan.names if part[1](field)) > 1]
    return parts


def _is_about_row(others: list[Callable[[str], bool]], field: str) -> bool:
    """Where somebody works is about the person; how large the company is, is not."""
    return not any(own(field) for own in others) or field in ("company.external_id", "company.name", "company.domain")
