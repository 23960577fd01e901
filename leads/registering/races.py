"""Two who write the same lead, company or activity at one moment: the later one begins again, and finds it there."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction

T = TypeVar("T")
TRIES = 3


class Raced(Exception):
    """Somebody else wrote the same lead, company or activity at this moment: do it again."""


def repeat_when_raced(write: Callable[[], T], *constraints: str) -> T:
    """Do the work in one transaction; again when it raced, or broke one of these constraints. Three times at most."""
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return write()
        except (Raced, IntegrityError) as clash:
            if attempt == TRIES or not (isinstance(clash, Raced) or constraint_of(clash) in constraints):
                raise
    raise AssertionError("unreachable")


def constraint_of(clash: Exception) -> str:
    """The name of the constraint that the database refused it by, or an empty text."""
    return getattr(getattr(clash.__cause__, "diag", None), "constraint_name", None) or ""
