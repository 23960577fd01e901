"""When we were told of a fact, beside when it happened. *As seen* reads it: what had happened by then, and was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.timezone import now

_then = ContextVar("_then", default=False)


@contextmanager
def told_when_it_happens() -> Iterator[None]:
    """While the demo writes its past, each row is told at its own moment."""
    token = _then.set(True)
    try:
        yield
    finally:
        _then.reset(token)


def told_at(at: datetime) -> datetime:
    """When a fact of that moment is told, written down now: by our clock, however long its transaction has run.

    Another host's clock may be ahead: nothing is told before it happened.
    """
    return at if _then.get() else max(at, now())


class RecordedAt(models.DateTimeField[Any, Any]):
    """When a row was told: at its insert, unless it is given. `of`: the field that says when its fact happened."""

    def __init__(self, *args: Any, of: str = "", **options: Any) -> None:
        self.of = of
        # For rows that no model writes.
        super().__init__(*args, **{"db_default": Now(), "editable": False, **options})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        return name, path, args, {"of": self.of, **options}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add and not isinstance(getattr(model_instance, self.attname), datetime):
            happened_at = getattr(model_instance, self.of, None)
            setattr(model_instance, self.attname, told_at(happened_at if isinstance(happened_at, datetime) else now()))
        return super().pre_save(model_instance, add)
