"""Pages of a list, turned by key: the hundredth page costs what the first costs, at any number of rows.

A page is asked for as "what comes after this row", never as "skip so many". Rows with no value to sort by
come last, in a section of their own, so that each section is one walk along an index.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldError, ValidationError
from django.db.models import (
    BooleanField,
    Expression,
    F,
    Func,
    IntegerField,
    Model,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from smarketing.pages import wording

Row = TypeVar("Row", bound=Model)

SIZE = 50
# Counting to the end of a million rows takes longer than the page does.
COUNT_TO = 1000


@dataclass(frozen=True)
class Sort:
    """A way to sort a list: by one column, then by the key of the table it lies in."""

    name: str
    label: str | Promise
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
        said = [plain(self.value), self.key, int(self.backward)]
        return urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """What the address says, or None where it is damaged: then the list begins at its beginning."""
        try:
            value, key, backward = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError, RecursionError):
            return None
        if not isinstance(key, int) or abs(key) >= 2**63 or "\0" in str(value):
            return None
        return cls(value, key, bool(backward))


def plain(value: Any) -> Any:
    # str(): isoformat of a moment keeps its microseconds, and no digit of a decimal is lost.
    return str(value) if isinstance(value, datetime | date | Decimal) else value


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and the way to those before and behind."""

    rows: list[Row]
    previous: Cursor | None = None
    next: Cursor | None = None
    # As many as were counted, and whether there are more.
    count: int | None = None
    count_is_capped: bool = False
    address: str = field(default="?", compare=False)

    @property
    def previous_url(self) -> str:
        return f"{self.address}after={self.previous}" if self.previous else ""

    @property
    def next_url(self) -> str:
        return f"{self.address}after={self.next}" if self.next else ""

    @property
    def number(self) -> str:
        """How many there are: "312", or "1,000+" where counting on would take longer than it tells."""
        return counted_in_words(self.count + self.count_is_capped, self.count) if self.count is not None else ""

    @property
    def note(self) -> str:
        return _("%(n)s in all") % {"n": self.number} if self.count is not None else ""


class Compare(Func):
    """(a, b) < (x, y): one condition that an index on (a, b) answers."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


def row_of(*parts: F | Expression) -> Func:
    return Func(*parts, function="ROW", output_field=TextField())


def beyond(sort: Sort, cursor: Cursor, descending: bool) -> Compare | Q:
    """Rows behind the cursor's in the order of its section."""
    if cursor.value is None:
        return Q(pk__lt=cursor.key) if descending else Q(pk__gt=cursor.key)
    here, there = row_of(F(sort.by), F(sort.key)), row_of(Value(cursor.value), Value(cursor.key))
    return Compare(here, there, arg_joiner=" < " if descending else " > ")


def typed(queryset: QuerySet[Row], sort: Sort, value: Any) -> Any:
    """The cursor's value as the column's type; raises when it is not of it."""
    return F(sort.by).resolve_expression(queryset.query.clone()).output_field.to_python(value)


def fitting(queryset: QuerySet[Row], sort: Sort, cursor: Cursor | None) -> Cursor | None:
    """The cursor with its value as the column's type, or None where it is of another list."""
    if cursor is None or (cursor.value is None and not sort.nullable):
        return None
    if cursor.value is None:
        return cursor
    try:
        return Cursor(typed(queryset, sort, cursor.value), cursor.key, cursor.backward)
    except (ValidationError, FieldError, TypeError, ValueError):
        return None


def turn(queryset: QuerySet[Row], sort: Sort, cursor: Cursor | None = None, *, size: int = SIZE) -> Page[Row]:
    """The page of `queryset` behind `cursor`, or the first."""
    cursor = fitting(queryset, sort, cursor)
    backward = cursor is not None and cursor.backward
    return cut(gathered(queryset, sort, cursor, backward, size + 1), sort, cursor, size=size)


def cut(rows: list[Row], sort: Sort, cursor: Cursor | None = None, *, size: int = SIZE) -> Page[Row]:
    """Make a page of up to one row more than it shows, in the order in which they were looked for."""
    backward = cursor is not None and cursor.backward
    more = len(rows) > size
    rows = rows[:size]
    if backward:
        rows.reverse()
    if not rows:
        return Page(rows)
    before = more if backward else cursor is not None
    behind = True if backward else more
    return Page(
        rows,
        previous=cursor_at(rows[0], sort, backward=True) if before else None,
        next=cursor_at(rows[-1], sort) if behind else None,
    )


def gathered(queryset: QuerySet[Row], sort: Sort, cursor: Cursor | None, backward: bool, limit: int) -> list[Row]:
    """Up to `limit` rows, section by section: those with a value, then those without."""
    sections = [False, True] if sort.nullable else [False]
    if backward:
        sections.reverse()
    if cursor is not None:
        sections = sections[sections.index(cursor.value is None) :]
    rows: list[Row] = []
    for without in sections:
        # Rows without a value are sorted by their key alone, the newest first.
        descending = (without or sort.descending) != backward
        part = queryset.filter(**{f"{sort.by}__isnull": without}) if sort.nullable else queryset
        if cursor is not None and (cursor.value is None) == without:
            part = part.filter(beyond(sort, cursor, descending))
        order = ["pk"] if without else [sort.by, sort.key]
        rows += part.order_by(*(f"-{name}" if descending else name for name in order))[: limit - len(rows)]
        if len(rows) == limit:
            break
    return rows


def cursor_at(row: Model, sort: Sort, *, backward: bool = False) -> Cursor:
    value: Any = row
    for name in sort.by.split("__"):
        value = getattr(value, name, None)
    return Cursor(value, row.pk, backward)


def counted_in_words(count: int, to: int = COUNT_TO) -> str:
    return f"{wording.number(to)}+" if count > to else wording.number(count)


def counted(queryset: QuerySet[Any], to: int = COUNT_TO) -> tuple[int, bool]:
    """How many rows, counted up to `to`, and whether there are more."""
    count = queryset.order_by()[: to + 1].count()
    return min(count, to), count > to


class CountOf(Subquery):
    """How many rows of another table belong to each row, counted up to `COUNT_TO` + 1, or to the end."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, queryset: QuerySet[Any], to: int | None = COUNT_TO + 1) -> None:
        super().__init__(queryset.order_by().values("pk")[:to])


def chosen_sort(request: HttpRequest, sorts: Sequence[Sort]) -> Sort:
    return next((sort for sort in sorts if sort.name == request.GET.get("sort")), sorts[0])


def few(queryset: QuerySet[Row], to: int = COUNT_TO) -> tuple[QuerySet[Row], int, bool]:
    """The rows, how many they are, counted up to `to`, and whether there are more.

    Few are named by their keys. The database guesses badly how many rows a word finds: to sort the three that there
    are it may walk the whole list in its order, and look at each. Many it finds soon, in any order.
    """
    keys = list(queryset.order_by().values_list("pk", flat=True)[: to + 1])
    if len(keys) > to:
        return queryset, to, True
    return queryset.filter(pk__in=keys), len(keys), False


def page_of(request: HttpRequest, queryset: QuerySet[Row], sort: Sort, *, size: int = SIZE) -> Page[Row]:
    """The page that the address asks for, with how many there are."""
    cursor = Cursor.read(request.GET["after"]) if "after" in request.GET else None
    queryset, total, capped = few(queryset)
    page = turn(queryset, sort, cursor, size=size)
    if cursor is not None and not page.rows:
        page = turn(queryset, sort, size=size)
    return Page(page.rows, page.previous, page.next, total, capped, address_of(request))


def address_of(request: HttpRequest) -> str:
    """The address of a list, as far as the cursor."""
    query = request.GET.copy()
    query.pop("after", None)
    return f"?{query.urlencode()}&" if query else "?"
