"""Statements that are written once.

Django builds and compiles a query set anew each time somebody asks. Of a large one that takes longer than the database
takes to answer it, so what every page asks is compiled once, with places for what differs from time to time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Expression, Field, ForeignObject, Lookup, QuerySet
from django.db.models.sql.compiler import SQLCompiler


class Given(Expression):
    """A place in a statement: `filter(rep=Given("rep", BigIntegerField()))`."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


def given_ids(name: str) -> Given:
    """A place for keys in a statement: `filter(rep__among=given_ids("reps"))`."""
    return Given(name, BigIntegerField())


@Field.register_lookup
@ForeignObject.register_lookup
class Among(Lookup[Any]):
    """One of some keys, given or found: `filter(pk__among=ArraySubquery(page))`.

    `pk__in=page` is a join. Beside more than a handful of others the planner leaves it where it stands, joins whole
    tables first, and looks for the keys among their rows; an array of keys is found by the index.
    """

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        return "%s", [list(value)]

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} = ANY ({right}::bigint[])", [*left_params, *right_params]


class Statement:
    """The query set of `build`, a `values_list`, compiled at its first use. Its columns come as the driver gives them:
    let none be of a type that Django converts."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self.build = build

    @cached_property
    def _compiled(self) -> tuple[str, tuple[Any, ...]]:
        sql, params = self.build().query.sql_with_params()
        return sql, tuple(params)

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        """Ask, with what stands in its places."""
        sql, params = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, fill_in(params, given))
            return list(cursor.fetchall())


def fill_in(params: Iterable[Any], given: Mapping[str, Any]) -> list[Any]:
    """The parameters of a statement, with what stands in its places."""
    return [given[param.name] if isinstance(param, Given) else param for param in params]
