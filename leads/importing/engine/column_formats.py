"""How the dates and numbers of one column are written: which of 3/4/2025 comes first, what 1.234 is.

Each column by itself, by all of its cells together. A column that allows two readings is asked about, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, islice
from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _

from leads.importing.engine.custom_columns import attribute_type
from leads.importing.engine.mapping import BadMapping, MappedColumn, Plan
from leads.importing.files import cells
from leads.importing.files.moments import days_by_order
from leads.importing.files.numbers import number_in
from leads.importing.files.reading import Record
from leads.models.custom_fields import CustomField
from smarketing.currencies import decimals_of

# Rows looked at to see how a column is written; all of them, in files of a usual size.
LOOKED_AT = 100_000
# A page looks at the first ones only, so that it answers soon; the worker at all, before the first row comes in.
LOOKED_AT_BY_PAGE = 2_000
MOST_CELLS = 2_000_000
DATES, NUMBERS = "dates", "numbers"
# What a cell means, by each way to read it.
Meanings = Mapping[str, Any]


@dataclass
class Votes:
    """How many cells of a column allow each way to read them, and cells that tell two ways apart."""

    total: int = 0
    cells: dict[str, int] = field(default_factory=dict)
    telling: dict[frozenset[str], tuple[str, Meanings]] = field(default_factory=dict)

    def add(self, cell: str, meanings: Meanings) -> None:
        self.total += bool(meanings)
        for way in meanings:
            self.cells[way] = self.cells.get(way, 0) + 1
        for one, other in combinations(meanings, 2):
            if meanings[one] != meanings[other]:
                self.telling.setdefault(frozenset((one, other)), (cell, meanings))

    def best(self) -> list[str]:
        """The ways that most cells allow."""
        most = max(self.cells.values(), default=0)
        return [way for way, count in self.cells.items() if count == most]

    def open_between(self) -> tuple[str, Meanings] | None:
        """A cell that means two things in the best ways, if any does: nothing tells which."""
        pairs = (self.telling.get(frozenset(pair)) for pair in combinations(self.best(), 2))
        return next(filter(None, pairs), None)


@dataclass(frozen=True)
class Doubt:
    """A column that may be read in several ways, with a cell and what it would mean."""

    sort: str
    header: str
    cell: str
    meanings: Meanings

    def __str__(self) -> str:
        readings = [_written(meaning) for meaning in self.meanings.values()]
        return _("“%(header)s”: is “%(cell)s” %(one)s or %(other)s?") % {
            "header": self.header,
            "cell": self.cell,
            "one": ", ".join(dict.fromkeys(readings[:-1])),
            "other": readings[-1],
        }


def _written(meaning: Any) -> str:
    return f"{meaning:%Y-%m-%d}" if isinstance(meaning, datetime) else f"{meaning:f}"


def formats_of(plan: Plan, records: Iterable[Record], most: int = LOOKED_AT) -> tuple[dict[str, str], list[Doubt]]:
    """By field, the way in which its column is written where the cells tell; and the columns that leave it open. Looks
    at so many rows `most`, fewer of many columns."""
    columns = [(column, sort) for column in plan.columns if column.places and (sort := _sort(plan, column))]
    votes = {column.field.name: Votes() for column, _sort in columns}
    for record in islice(records, min(most, MOST_CELLS // len(columns))) if columns else ():
        for column, sort in columns:
            if cell := plan.cell(column, record.cells):
                votes[column.field.name].add(cell, _meanings(plan, column, sort, cell, record))
    ways: dict[str, str] = {}
    doubts = []
    for column, sort in columns:
        found = votes[column.field.name]
        if between := found.open_between():
            doubts.append(Doubt(sort, column.header, between[0], between[1]))
        elif best := found.best():
            ways[column.field.name] = best[0]
    return ways, doubts


def decide_formats(plan: Plan, records: Iterable[Record], *, dates: str, decimal: str) -> None:
    """Have the plan read each column as it is written; those that leave it open as `dates` and `decimal` say.

    Raises `BadMapping` where they leave it open too.
    """
    ways, doubts = formats_of(plan, records)
    if left := [doubt for doubt in doubts if not {DATES: dates, NUMBERS: decimal}[doubt.sort]]:
        raise BadMapping(" ".join([*map(str, left), _("Say which it is.")]))
    plan.decide(ways, dates=dates, decimal=decimal)


def _meanings(plan: Plan, column: MappedColumn, sort: str, cell: str, record: Record) -> Meanings:
    if sort == DATES:
        latest = now() if column.field.read is cells.past_moment else None
        return {
            order: at.astimezone(plan.reading.zone)
            for order, at in days_by_order(cell, plan.reading.zone).items()
            if latest is None or at <= latest
        }
    try:
        found = number_in(cell)
    except ValueError:
        return {}
    values = {mark: found.value(mark) for mark in found.marks()}
    most = _most_decimals(plan, column, found.currencies, record)
    fitting = {mark: value for mark, value in values.items() if most is None or value == round(value, most)}
    return fitting or values


def _most_decimals(plan: Plan, column: MappedColumn, currencies: Sequence[str], record: Record) -> int | None:
    """How many decimals can be meant, where that is sure: none of people, none of yen."""
    if column.field.sql == "integer":
        return 0
    if column.field.read not in (cells.money, cells.amount):
        return None
    currency = next(iter(currencies), None) or _currency_of(plan, record)
    return 0 if decimals_of(currency) == 0 else None


def _currency_of(plan: Plan, record: Record) -> str:
    """The currency of the row, where it has a cell for it, else the company's."""
    column = next((column for column in plan.columns if column.field.read is cells.currency), None)
    try:
        return str((column and plan.read(column, record.cells, quietly=True)) or plan.reading.currency)
    except cells.Refused:
        return plan.reading.currency


def _sort(plan: Plan, column: MappedColumn) -> str:
    match column.field.sql:
        case "timestamptz" | "date":
            return DATES
        case "numeric" | "integer":
            return NUMBERS
    match attribute_type(plan, column.field.name):
        case CustomField.Type.DATE:
            return DATES
        case CustomField.Type.NUMBER:
            return NUMBERS
    return ""
