"""Several query sets answered by one statement.

A page that shows a dozen short lists need not wait for a dozen answers. Each list is a subquery here, whose rows come
as JSON; what is made of them is the same, type for type, as if each query set had been asked alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property, partial
from itertools import chain, islice
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler
from django.utils.dateparse import parse_duration

from smarketing.database.statements import fill_in

T = TypeVar("T")
Row = TypeVar("Row", bound=Model)
ROWS = "(SELECT jsonb_agg(to_jsonb(each)) FROM ({sql}) each)"
# What the driver makes of a column, by the kind of its field. Of other kinds JSON says the same.
AS_DRIVEN: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "DurationField": parse_duration,
    "DecimalField": Decimal,
    "UUIDField": UUID,
    "FloatField": float,
    "JSONField": partial(json.dumps, default=float),
}


class Together:
    """The query sets of `build` and their one statement, compiled at its first use, with `Given` where a value differs
    from time to time."""

    def __init__(self, build: Callable[[], Sequence[QuerySet[Any, Any]]]) -> None:
        self.build = build

    def fetch(self, **given: Any) -> list[list[Any]]:
        """The rows of each query set, in their order."""
        (rows,) = fetch_each((self, given))
        return rows

    def read(self, found: Iterable[str | None]) -> list[list[Any]]:
        """What the query sets make of their columns of the answer."""
        return [part.read(rows) for part, rows in zip(self._parts, found, strict=True)]

    @cached_property
    def _parts(self) -> list[_Part]:
        return [_Part(queryset) for queryset in self.build()]

    @cached_property
    def compiled(self) -> tuple[list[str], list[Any]]:
        """A column for each query set, and the parameters of all."""
        sql = [part.sql for part in self._parts]
        return sql, [param for part in self._parts for param in part.params]


def fetch_each(*asked: tuple[Together, Mapping[str, Any]]) -> list[list[list[Any]]]:
    """The rows of each, with what stands in its places, by one statement."""
    columns = [together.compiled[0] for together, _given in asked]
    params = [param for together, given in asked for param in fill_in(together.compiled[1], given)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(chain.from_iterable(columns)), params)
        found = iter(cursor.fetchone())
    return [together.read(islice(found, len(each))) for (together, _given), each in zip(asked, columns, strict=True)]


@dataclass(frozen=True)
class Asked(Generic[T]):
    """Query sets, and the function that makes something of what they find, one list each. They are asked later, by one
    statement with those of others."""

    querysets: tuple[QuerySet[Any, Any], ...]
    make: Callable[..., T]

    @classmethod
    def all_of(cls, asked: Sequence[Asked[Any]]) -> Asked[list[Any]]:
        """What each of these makes, in their order."""

        def make(*found: list[Any]) -> list[Any]:
            lists = iter(found)
            return [each.make(*islice(lists, len(each.querysets))) for each in asked]

        return Asked(tuple(queryset for each in asked for queryset in each.querysets), make)

    def fetch(self) -> T:
        """Ask it by one statement."""
        if len(self.querysets) == 1:
            return self.make(list(self.querysets[0]))
        return self.make(*(fetch_together(*self.querysets) if self.querysets else ()))


def count_of(rows: QuerySet[Any, Any], limit: int | None = None) -> QuerySet[Any, Any]:
    """One row: how many there are, counted up to `limit`, or to the end."""
    if limit is not None:
        rows = rows.model._base_manager.filter(pk__in=rows.order_by().values("pk")[:limit])
    counted: QuerySet[Any, Any] = rows.order_by().values(all=Value(1)).annotate(n=Count("pk"))
    return counted.values_list("n", flat=True)


def any_of(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """One row if there is any."""
    return rows.order_by().values_list("pk", flat=True)[:1]


def fetch_together(*querysets: QuerySet[Any, Any]) -> list[list[Any]]:
    """The rows of each of these query sets, by one statement."""
    return Together(lambda: querysets).fetch()


def as_read(queryset: QuerySet[Row], rows: list[Row]) -> QuerySet[Row]:
    """The query set, of which these rows were read already."""
    queryset._result_cache, queryset._prefetch_done = rows, True  # type: ignore[attr-defined]
    return queryset


def keep_related(row: Model, name: str, related: list[Any]) -> None:
    """Let `row.name.all()` be these rows, which were read beside it, as `prefetch_related` does."""
    rows = as_read(getattr(row, name).all(), related)
    cast(Any, row)._prefetched_objects_cache = getattr(row, "_prefetched_objects_cache", {}) | {name: rows}


class _Part:
    """One of the query sets."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.queryset = queryset
        self.compiler = queryset.query.get_compiler(connection=connection)
        self.params: Sequence[Any] = ()
        try:
            sql, self.params = self.compiler.as_sql(with_col_aliases=True)
            self.sql = ROWS.format(sql=sql)
        except EmptyResultSet:
            self.sql = "NULL"

    def read(self, rows: str | None) -> list[Any]:
        """What the query set makes of its rows."""
        queryset = self.queryset.all()
        fetched = _Fetched(self.compiler, list(self._driven(json.loads(rows, parse_float=Decimal)) if rows else ()))
        setattr(queryset.query, "get_compiler", lambda *args, **kwargs: fetched)  # noqa: B010
        return list(queryset)

    def _driven(self, rows: list[dict[str, Any]]) -> Iterator[list[Any]]:
        columns = [(alias, AS_DRIVEN.get(_kind(column))) for column, _sql, alias in self.compiler.select]
        for row in rows:
            yield [row[alias] if make is None or row[alias] is None else make(row[alias]) for alias, make in columns]


class _Fetched:
    """Stands in for a compiler, where its rows are here already."""

    def __init__(self, compiler: SQLCompiler, rows: list[Sequence[Any]]) -> None:
        self.compiler, self.rows = compiler, rows
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map

    def execute_sql(self, *args: Any, **kwargs: Any) -> list[list[Sequence[Any]]]:
        return [self.rows]

    def results_iter(self, results: Any = None, *, tuple_expected: bool = False, **kwargs: Any) -> Iterator[Any]:
        return iter(self.compiler.results_iter([self.rows], tuple_expected=tuple_expected))


def _kind(column: Any) -> str:
    return str(column.output_field.get_internal_type())
