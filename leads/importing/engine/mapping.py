"""Which column becomes which field, which values stand for all rows, and which words mean which of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.utils.translation import gettext as _

from leads.importing.engine.fields import Field, Values
from leads.importing.engine.gone_rows import gone_marks
from leads.importing.engine.rows import RowFormat
from leads.importing.files.cells import Garbled, Reader, Reading, Refused, shortened
from leads.importing.files.numbers import MARKS
from leads.importing.files.reading import LONGEST_CELL, MOST_COLUMNS, UNREADABLE, Record
from leads.text.folding import fold

Reasons = list[dict[str, str]]
# Spreadsheets take a cell that begins so for a formula; downloads put an apostrophe before it, which we take off.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class BadMapping(Exception):
    """The mapping cannot be used; the text says why."""


@dataclass(frozen=True)
class ColumnMapping:
    """A mapping as it is written down: `columns`, `constants`, `values`."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, written: Any) -> Self:
        """Raises `BadMapping` for what is no mapping."""
        if not isinstance(written, dict):
            raise BadMapping(_("A mapping is an object with columns, constants and values."))
        unknown = set(written) - {"columns", "constants", "values"}
        if unknown:
            raise BadMapping(_("A mapping has no part “%(part)s”.") % {"part": sorted(unknown)[0]})
        for part in written.values():
            if not isinstance(part, dict):
                raise BadMapping(_("Columns, constants and values are objects."))
        if not all(isinstance(words, dict) for words in written.get("values", {}).values()):
            raise BadMapping(_("Columns, constants and values are objects."))
        columns = {str(header): str(name) for header, name in written.get("columns", {}).items() if name}
        constants = {str(name): str(value) for name, value in written.get("constants", {}).items()}
        values = {
            str(name): {str(theirs): str(ours) for theirs, ours in words.items()}
            for name, words in written.get("values", {}).items()
        }
        return cls(columns, constants, values)

    def as_written(self) -> dict[str, Any]:
        return {"columns": self.columns, "constants": self.constants, "values": self.values}


@dataclass(frozen=True)
class MappedColumn:
    """One field of the file: in which cells it may stand (the first that is filled counts), and how it is read."""

    field: Field
    header: str
    places: tuple[int, ...]
    constant: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One row that can be taken, as far as the file alone can say."""

    line: int
    end: int
    cells: list[str]
    values: Values


class Rejected(Exception):
    """One row that cannot be taken, with a reason for each of its cells that is wrong."""

    def __init__(self, record: Record, reasons: Reasons) -> None:
        self.line, self.end, self.cells, self.reasons = record.line, record.end, record.cells, reasons


class Plan:
    """A mapping made ready for the rows of one file."""

    def __init__(self, kind: RowFormat, mapping: ColumnMapping, headers: Sequence[str], reading: Reading) -> None:
        self.kind, self.mapping, self.headers, self.reading = kind, mapping, list(headers), reading
        # Of columns that are written in a way of their own.
        self.own: dict[str, Reading] = {}
        self.columns = self._columns()
        self.gone_marks = gone_marks(self.headers, {place for column in self.columns for place in column.places})
        self.field_names = self._field_names()
        # Readers of custom attributes by their type, put in before the first row is read.
        self.readers: dict[str, Reader] = {}

    def _columns(self) -> list[MappedColumn]:
        places: dict[str, list[int]] = {}
        for header, name in self.mapping.columns.items():
            place = self._place(header)
            if place is None:
                raise BadMapping(_("The file has no column “%(header)s”.") % {"header": header})
            places.setdefault(self._field(name).name, []).append(place)
        self._refuse_shared(places)
        constants = {self._field(name).name: value for name, value in self.mapping.constants.items()}
        words = {
            self._field(name).name: {fold(theirs.strip()): ours for theirs, ours in table.items()}
            for name, table in self.mapping.values.items()
        }
        columns = [
            MappedColumn(
                self._field(name),
                self.headers[places[name][0]] if name in places else name,
                tuple(sorted(places.get(name, []))),
                constants.get(name, ""),
                words.get(name, {}),
            )
            for name in dict.fromkeys([*places, *constants])
        ]
        # In the order of the file, in which a person reads what is wrong with a row; constants last.
        return sorted(columns, key=lambda column: column.places[0] if column.places else len(self.headers))

    def _refuse_shared(self, places: Mapping[str, Sequence[int]]) -> None:
        """Two columns that would be one attribute of the file's own: one of them would be lost."""
        for name, several in places.items():
            if len(several) > 1 and self.kind.prefix_of(name):
                text = _("The columns %(columns)s would be one attribute, “%(name)s”: leave out all but one.")
                written = ", ".join(f"“{self.headers[place]}”" for place in sorted(several))
                raise BadMapping(text % {"columns": written, "name": name.rpartition(".")[2]})

    def _place(self, header: str) -> int | None:
        if header in self.headers:
            return self.headers.index(header)
        folded = [fold(" ".join(each.split())) for each in self.headers]
        wanted = fold(" ".join(header.split()))
        return folded.index(wanted) if wanted in folded else None

    def _field(self, name: str) -> Field:
        found = self.kind.find_field(name)
        if found is None:
            raise BadMapping(_("There is no field “%(name)s” in %(kind)s.") % {"name": name, "kind": self.kind.label})
        return found

    def _field_names(self) -> list[str]:
        """The fields that rows may give, each once."""
        names: dict[str, None] = {}
        for column in self.columns:
            names.update(dict.fromkeys(column.field.into or (column.field.name, *column.field.beside)))
        return list(names)

    def decide(self, ways: Mapping[str, str], *, dates: str = "", decimal: str = "") -> None:
        """Read each column of `ways` in its way: an order of dates or a decimal mark; the others as the rest says."""
        self.reading.date_order, self.reading.decimal = dates, decimal
        for name, way in ways.items():
            warn = self._warn
            self.own[name] = replace(self.reading, date_order=way, decimal=way if way in MARKS else "", warn=warn)

    def _warn(self, text: str) -> None:
        self.reading.warn(text)

    def row(self, record: Record, *, quietly: bool = False) -> Row:
        """Read one record. Raises `Rejected`."""
        if wrong := self._misshapen(record) or self._gone(record):
            raise Rejected(record, [reason("", wrong)])
        reasons: Reasons = []
        values: Values = {}
        for column in self.columns:
            try:
                value = self.read(column, record.cells, quietly=quietly)
            except Refused as refused:
                if column.field.is_vital or isinstance(refused, Garbled):
                    reasons.append(reason(column.header, str(refused)))
                elif not quietly:
                    text = _("“%(column)s” was left empty: %(reason)s")
                    self.reading.warn(text % {"column": column.header, "reason": refused})
                continue
            if isinstance(value, dict) and column.field.into:
                values.update({name: part for name, part in value.items() if name not in values})
            elif value is not None and value != "":
                if len(column.places) > 1 and not quietly:
                    self._say_left_out(column, record.cells)
                values[column.field.name] = value
        if reasons:
            raise Rejected(record, reasons)
        try:
            self.kind.complete(values)
        except Refused as refused:
            raise Rejected(record, [reason("", str(refused))])
        if missing := self.kind.missing_required(values):
            raise Rejected(record, [reason("", missing)])
        return Row(record.line, record.end, record.cells, values)

    def _misshapen(self, record: Record) -> str:
        if record.error == "quotes":
            return _("A quotation mark is not closed, or stands in the middle of a cell.")
        if record.error == "length":
            text = _("More than %(columns)s columns, or a cell of more than %(cell)s characters.")
            return text % {"columns": f"{MOST_COLUMNS:,}", "cell": f"{LONGEST_CELL:,}"}
        if len(record.cells) > len(self.headers) and any(cell.strip() for cell in record.cells[len(self.headers) :]):
            text = _("%(cells)s cells, but there are %(headers)s headers: is a delimiter or a quotation mark missing?")
            return text % {"cells": len(record.cells), "headers": len(self.headers)}
        return ""

    def _gone(self, record: Record) -> str:
        """Why the row is nobody any more: other systems export what they deleted or merged, with a mark."""
        for place, header, says_gone in self.gone_marks:
            if place < len(record.cells) and says_gone(record.cells[place].strip()):
                return _("Left out: “%(header)s” says that it was deleted or merged there.") % {"header": header}
        return ""

    def read(self, column: MappedColumn, cells: Sequence[str], *, quietly: bool = False) -> Any:
        """What the row says in that column; None for nothing. Raises `Refused`."""
        cell = self.cell(column, cells)
        if not cell:
            return None
        if UNREADABLE in cell or "\0" in cell:
            raise Garbled(_("Holds characters that cannot be read."))
        reader = self.readers.get(column.field.name, column.field.read)
        reading = self.own.get(column.field.name, self.reading)
        return reader(cell, replace(reading, warn=lambda text: None) if quietly else reading)

    def _say_left_out(self, column: MappedColumn, cells: Sequence[str]) -> None:
        """Several columns for one field: the first that is filled was taken."""
        filled = [cells[place].strip() for place in column.places if place < len(cells) and cells[place].strip()]
        if others := [cell for cell in dict.fromkeys(filled) if cell != filled[0]]:
            text = _("“%(field)s” takes one value: %(taken)s was taken, %(left_out)s was not.")
            self.reading.warn(text % {
                "field": column.field.label, "taken": shortened(filled[0]),
                "left_out": ", ".join(map(shortened, others)),
            })  # fmt: skip

    @staticmethod
    def cell(column: MappedColumn, cells: Sequence[str]) -> str:
        """The text of the row in that column: the first cell that is filled, else the constant; in our words."""
        cell = ""
        for place in column.places:
            if place < len(cells) and (cell := cells[place].strip()):
                break
        if cell[:2] == '="' and cell[-1:] == '"':
            cell = cell[2:-1].strip()  # As a spreadsheet is kept from reading an id as a number.
        if cell[:1] == "'" and cell[1:2] in FORMULA and cell[1:]:
            cell = cell[1:].strip()
        cell = cell or column.constant.strip()
        return column.words.get(fold(cell), cell) if cell and column.words else cell


def reason(column: str, text: str) -> dict[str, str]:
    return {"column": column, "reason": text}
