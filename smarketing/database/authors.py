"""Who writes, told to the database with each statement: its triggers write it into the history of what was changed.

A comment at the end of the statement says it. Behind a pooler a setting of the session would be somebody else's, and
one of the transaction would be lost where a statement is a transaction of its own. The text of a statement is always
its own, and costs no further way to the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import now

from smarketing.requests.clients import current_request

WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)
API = "/api/"


@dataclass(frozen=True)
class Author:
    """Who writes, as far as we know, and by which way: a page, the API, a command, an import."""

    by: int | None = None
    how: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w ]{0,80}", self.how, re.ASCII):
            raise ValueError(f"{self.how!r} would not stay within its comment")


_author: ContextVar[Author | None] = ContextVar("author", default=None)


@contextmanager
def writing(*, how: str, by: int | None = None) -> Iterator[None]:
    """Where no request says who writes."""
    token = _author.set(Author(by, how))
    try:
        yield
    finally:
        _author.reset(token)


def author() -> Author:
    """Who writes here: whoever is named by `writing`, else who makes the request; nobody in the work of the machine."""
    named = _author.get()
    if named is not None:
        return named
    request = current_request()
    if request is None:
        return Author()
    # Read before the request is answered: asking for it here asks the database nothing.
    return Author(request.user.pk, "api" if request.path.startswith(API) else "page")


def sign(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Execute a statement with who wrote it at its end; what only reads stays as it is."""
    if isinstance(sql, str) and WRITES.match(sql):
        who = author()
        sql = f"{sql} /* by={who.by or ''} how={who.how} at={now().isoformat()} */"
    return execute(sql, params, many, context)
