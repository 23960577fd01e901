"""How many rows the database gives to the product: of a list that grows, no more than its page shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def rows_read() -> Iterator[list[int]]:
    """How many rows each statement inside gives; of what is asked together as JSON, one."""
    counts: list[int] = []

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        answer = execute(sql, params, many, context)
        if sql.lstrip("( \n").startswith(("SELECT", "WITH")):
            counts.append(context["cursor"].rowcount)
        return answer

    with connection.execute_wrapper(count):
        yield counts
