"""Which tables and columns numbers are made of, found out by asking every kind of question that a metric takes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection

from metrics.period import Period
from metrics.question import ALL
from metrics.registry import Metric, Part, Question, View

WORD = re.compile(r"\w+")
# A table and what a statement calls it: `FROM "leads_lead" U0`.
PLACE = re.compile(r'\b(?:FROM|JOIN) "?(\w+)"?(?: (?:AS )?(?!(?:ON|WHERE|INNER|LEFT|CROSS|ORDER|GROUP|LIMIT)\b)(\w+))?')
COLUMN = re.compile(r'"?(\w+)"?\."?(\w+)"?')
# A statement that only reads columns as they are.
PLAIN = re.compile(r'SELECT (?:DISTINCT )?((?:"\w+"\."\w+"(?: AS "\w+")?(?:, )?)+) FROM ')
PARTS: tuple[Part, ...] = ("numerator", "denominator", "flagged")
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1), ZoneInfo("Asia/Tokyo"))
COLUMNS = {
    model._meta.db_table: {str(field.column) for field in model._meta.concrete_fields}
    for model in apps.get_models(include_auto_created=True)
}


@contextmanager
def reading() -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    statements: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield statements


def statements_of(metric: Metric) -> list[str]:
    """Every statement of its answers, and of the leads behind them."""
    with reading() as statements:
        for question in questions(metric):
            metric.rows(question)
            if not question.by:
                for part in PARTS:
                    list(metric.behind(question, ALL, part))
    return statements


def tables_in(statements: Iterable[str]) -> set[str]:
    return {word for sql in statements for word in WORD.findall(sql)} & COLUMNS.keys()


def columns_in(statements: Iterable[str]) -> dict[str, set[str]]:
    """The columns that any of them names, by table. One that reads whole rows, as of a stage or a calendar, names only
    those by which it finds them."""
    named: dict[str, set[str]] = defaultdict(set)
    for sql in {*statements}:
        sql = _without_whole_rows(sql)
        tables = defaultdict(set)
        for table, alias in PLACE.findall(sql):
            tables[table].add(table)
            tables[alias or table].add(table)
        for alias, column in COLUMN.findall(sql):
            for table in tables[alias] & COLUMNS.keys():
                named[table].update({column} & COLUMNS[table])
    return named


def _without_whole_rows(sql: str) -> str:
    plain = PLAIN.match(sql)
    if plain is None:
        return sql
    read: dict[str, set[str]] = defaultdict(set)
    for table, column in COLUMN.findall(plain[1]):
        read[table].add(column)
    is_whole = all(columns >= COLUMNS.get(table, {"?"}) for table, columns in read.items())
    return sql[plain.end(1) :] if is_whole else sql


def questions(metric: Metric) -> Iterator[Question]:
    """In every view, without stages and between the outermost, cut and filtered by each of its dimensions."""
    first, last = (metric.roles[0], metric.roles[-1]) if metric.roles else ("", "")
    pairs = {"none": [("", "")], "one": [("", ""), ("", last)], "pair": [(first, last)]}[metric.stages]
    for view in metric.views:
        windows = (None, 30) if metric.takes_window and view == View.COHORT else (None,)
        for from_role, to_role in pairs:
            for window in windows:
                asked = Question(QUARTER, view=view, from_role=from_role, to_role=to_role, window_days=window)
                yield asked
                yield replace(asked, as_seen=True)
                for name in metric.dimensions:
                    yield replace(asked, by=name)
                    yield replace(asked, filters={name: "x"})
