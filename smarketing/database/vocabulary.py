"""Small tables that pages name again and again: stages, reasons, kinds of activity, teams, calendars.

While a page is made, all of them are read by one statement, when the first of them is asked for, and not again. What is
known is forgotten as soon as anything is written, and in any case when the page is done: nothing is kept between two
requests. Whoever writes (a form that is sent, a task, a program) asks the database each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar, cast

from django.apps import apps
from django.db import connection
from django.db.models import Model, QuerySet

from smarketing.database.together import Together, fetch_each

Row = TypeVar("Row", bound=Model)
T = TypeVar("T")

# What neither writes anything nor looks at what others have written since.
HARMLESS = ("SELECT", "SAVEPOINT", "RELEASE")
_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known vocabularies", default=None)


class VocabularyQuerySet(QuerySet[Row]):
    """Rows of a small table."""

    def known(self) -> list[Row]:
        """All rows, in their order. While a page is made everybody gets the same ones: change none of them."""
        if _known.get() is None:
            return list(self.model._default_manager.all())
        return list(recall(VOCABULARIES, _fetch_all)[self.model])

    def look_up(self, **values: Any) -> Row:
        """The one row with these values. Raises the model's `DoesNotExist`."""
        if _known.get() is None:
            return self.model._default_manager.get(**values)
        for row in self.known():
            if all(getattr(row, name) == value for name, value in values.items()):
                return row
        raise cast(Any, self.model).DoesNotExist


def recall(key: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` gives; while a page is made it is asked once, as long as nothing is written."""
    known = _known.get()
    if known is None:
        return ask()
    if key not in known:
        known[key] = ask()
    return cast(T, known[key])


def recall_rows(key: Hashable, together: Together, **given: Any) -> list[list[Any]]:
    """The rows that `together` gives; while a page is made it is asked once, by one statement with the vocabularies
    where nobody asked for these before."""
    known = _known.get()
    if known is None:
        return together.fetch(**given)
    if key not in known:
        if VOCABULARIES in known:
            known[key] = together.fetch(**given)
        else:
            vocabularies, known[key] = fetch_each((VOCABULARIES, {}), (together, given))
            known[VOCABULARIES] = _by_model(vocabularies)
    return cast(list[list[Any]], known[key])


@contextmanager
def remembering() -> Iterator[None]:
    """Let what happens inside read each vocabulary once."""
    known: dict[Hashable, Any] = {}

    def forget_when_written(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        # A union begins with a bracket.
        if not sql.lstrip("( \n").startswith(HARMLESS):
            known.clear()
        return execute(sql, *args)

    token = _known.set(known)
    try:
        with connection.execute_wrapper(forget_when_written):
            yield
    finally:
        _known.reset(token)


def _fetch_all() -> dict[type[Model], list[Any]]:
    return _by_model(VOCABULARIES.fetch())


def _by_model(rows: list[list[Any]]) -> dict[type[Model], list[Any]]:
    return dict(zip(_models(), rows, strict=True))


@cache
def _models() -> list[type[Model]]:
    return [model for model in apps.get_models() if isinstance(model._default_manager.all(), VocabularyQuerySet)]


VOCABULARIES = Together(lambda: [model._default_manager.all() for model in _models()])
