"""Which tables the answers of a metric are made of, found out by asking it every kind of question that it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
PARTS: tuple[Part, ...] = ("numerator", "denominator", "flagged")
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1), ZoneInfo("Asia/Tokyo"))


def tables_read_by(metric: Metric) -> set[str]:
    """The tables that any statement of its answers names, or of the leads behind them."""
    read: set[str] = set()
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        read.update(tables.intersection(WORD.findall(sql)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        for question in questions(metric):
            metric.rows(question)
            if not question.by:
                for part in PARTS:
                    list(metric.behind(question, ALL, part))
    return read


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
                for name in metric.dimensions:
                    yield replace(asked, by=name)
                    yield replace(asked, filters={name: "x"})
