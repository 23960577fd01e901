"""What one item breaks in a batch of background work stands alone; the others go on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction

from smarketing.database.outages import is_outage

T = TypeVar("T")
# When so many failed alone and nothing went through, the fault lies not in them: the rest is not tried one by one.
MOST_ALONE = 50
# PostgreSQL's class of errors for what is too large, such as a text too long for its index: the fault of one row.
PROGRAM_LIMIT = "54"
log = logging.getLogger(__name__)


def is_nobodys_fault(problem: Exception) -> bool:
    """Whether the fault is that of no item: an outage, or a statement that was cancelled or waited in vain."""
    code = getattr(problem.__cause__, "pgcode", None) or ""
    if code.startswith(PROGRAM_LIMIT):
        return False
    return is_outage(problem) or isinstance(problem, OperationalError | InterfaceError)


def isolate(items: Sequence[T], work: Callable[[Sequence[T]], object]) -> list[T]:
    """Work on all items at once, in a savepoint; where that fails, on halves, until what breaks it stands alone.

    Returns the items on which it failed; the work on all others is done. An outage of the database is raised.
    """
    failed: list[T] = []
    went_through = 0
    waiting = [list(items)] if items else []
    while waiting:
        some = waiting.pop()
        if len(failed) >= MOST_ALONE and not went_through:
            failed += some
            continue
        try:
            with transaction.atomic():
                work(some)
        except Exception as problem:
            if is_nobodys_fault(problem):
                raise
            if len(some) == 1:
                log.exception("Failed on %s; the others go on.", some[0])
                failed += some
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
        else:
            went_through += len(some)
    return failed
