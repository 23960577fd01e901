"""Keyset pagination: the hundredth page of a list costs what the first costs, at any number of rows.

A page is asked for as "what comes after this row", never as "skip so many". Rows with no value to sort by
come last, in a section of their own, so that each section is one walk along an index.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db.models import BooleanField, Expression, F, Func, Model, Q, QuerySet, TextField, Value

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50


@dataclass(frozen=True)
class Order:
    """The order of a list: by one column, then by the key of the table it lies in."""

    by: str
    # The key beside `by`, in the same table: an index holds both ("score__lead_id" for "score__fit").
    key: str = "pk"
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class Cursor:
    """A row from which a page goes on: its value (none in the last section), its key, and which way."""

    value: Any
    key: int
    backward: bool = False

    def __str__(self) -> str:
        parts = [_json_value(self.value), self.key, int(self.backward)]
        return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that `str()` wrote, or None when the text is damaged."""
        try:
            value, key, backward = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError, RecursionError):
            return None
        if not isinstance(key, int) or abs(key) >= 2**63 or "\0" in str(value):
            return None
        return cls(value, key, bool(backward))

    @classmethod
    def at(cls, row: Any, order: Order, *, backward: bool = False) -> Cursor:
        value = row
        for name in order.by.split("__"):
            value = getattr(value, name, None)
        # A row of a `values_list` has no `pk`, but the column of the order.
        return cls(value, row.pk if hasattr(row, "pk") else getattr(row, order.key), backward)

    def in_list(self, queryset: QuerySet[Any], order: Order) -> Cursor | None:
        """The cursor with its value as the column's type, or None when it comes from another list."""
        if self.value is None:
            return self if order.nullable else None
        try:
            column = F(order.by).resolve_expression(queryset.query.clone()).output_field
            return Cursor(column.to_python(self.value), self.key, self.backward)
        except (ValidationError, FieldError, TypeError, ValueError):
            return None


def _json_value(value: Any) -> Any:
    # str(): isoformat of a moment keeps its microseconds, and no digit of a decimal is lost.
    return str(value) if isinstance(value, datetime | date | Decimal) else value


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursors of the pages before and after them."""

    rows: list[Row]
    previous: Cursor | None = None
    next: Cursor | None = None

    @classmethod
    def cut(cls, rows: list[Row], order: Order, cursor: Cursor | None = None, *, size: int = PAGE_SIZE) -> Page[Row]:
        """Make a page of up to `size` + 1 rows, in the order in which they were fetched."""
        backward = cursor is not None and cursor.backward
        has_more = len(rows) > size
        rows = rows[:size]
        if backward:
            rows.reverse()
        if not rows:
            return Page(rows)
        has_previous = has_more if backward else cursor is not None
        has_next = True if backward else has_more
        return Page(
            rows,
            previous=Cursor.at(rows[0], order, backward=True) if has_previous else None,
            next=Cursor.at(rows[-1], order) if has_next else None,
        )


class RowComparison(Func):
    """(a, b) < (x, y): one condition that an index on (a, b) answers."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


def row_value(*parts: F | Expression) -> Func:
    return Func(*parts, function="ROW", output_field=TextField())


def past_cursor(order: Order, cursor: Cursor, *, descending: bool) -> RowComparison | Q:
    """Rows behind the cursor's in the order of its section."""
    if cursor.value is None:
        return Q(pk__lt=cursor.key) if descending else Q(pk__gt=cursor.key)
    columns = row_value(F(order.by), F(order.key))
    values = row_value(Value(cursor.value), Value(cursor.key))
    return RowComparison(columns, values, arg_joiner=" < " if descending else " > ")


def fetch_page(
    queryset: QuerySet[Row], order: Order, cursor: Cursor | None = None, *, size: int = PAGE_SIZE
) -> Page[Row]:
    """The page of `queryset` behind `cursor`; the first one without a cursor, or with a cursor of another list."""
    cursor = cursor and cursor.in_list(queryset, order)
    return Page.cut(_fetch_rows(queryset, order, cursor, size + 1), order, cursor, size=size)


def _fetch_rows(queryset: QuerySet[Row], order: Order, cursor: Cursor | None, limit: int) -> list[Row]:
    """Up to `limit` rows, section by section: those with a value, then those without."""
    backward = cursor is not None and cursor.backward
    sections = [False, True] if order.nullable else [False]
    if backward:
        sections.reverse()
    if cursor is not None:
        sections = sections[sections.index(cursor.value is None) :]
    rows: list[Row] = []
    for without_value in sections:
        # Rows without a value are sorted by their key alone, the newest first.
        descending = (without_value or order.descending) != backward
        section = queryset.filter(**{f"{order.by}__isnull": without_value}) if order.nullable else queryset
        if cursor is not None and (cursor.value is None) == without_value:
            section = section.filter(past_cursor(order, cursor, descending=descending))
        columns = ["pk"] if without_value else [order.by, order.key]
        rows += section.order_by(*(f"-{name}" if descending else name for name in columns))[: limit - len(rows)]
        if len(rows) == limit:
            break
    return rows
