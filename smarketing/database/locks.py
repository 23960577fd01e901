"""Advisory locks, by name: what only one may do at a time, and no row stands for.

Each is held by a transaction and ends with it, however it ends: a pooler may give the next transaction another
connection. What goes on over several transactions is a lease (`history.leases`).

Whoever locks several things of one lead takes them in this order, so that no two wait for each other in a ring:
`Lock.OFFERING`, before any row of the transaction; then company, lead, persona, score, journey, deal, hand-off, timer.
Rows of one table are locked by their ids. Each is locked alone (`of=("self",)`: never a stage, a team or a calendar
that the query joins, which others need), and as `no_key`: a row that refers to it may be written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import pglock
from django.db import DEFAULT_DB_ALIAS, connection


class Lock(IntEnum):
    """One lock for the whole database. `acquire` it in a transaction:

    with transaction.atomic():
        Lock.OFFERING.acquire()
    """

    # Two workers must not both count a rep's queue before either has lengthened it.
    OFFERING = 7_305_001
    # Shared by background tasks while they run; taken exclusively, for a moment, by whoever pauses them.
    BACKGROUND = 7_305_003
    # Held while computing weekly reports, so that no change is deleted before a report that misses it is marked stale.
    REPORTS = 7_305_004
    # Two processes that compute attainments at once would notify twice.
    ATTAINMENT = 7_305_006
    PLANNING_REVIEWS = 7_305_008
    # Two dispatchers must not both count what a person was sent before either has sent more.
    DISPATCHING = 7_305_009
    # Shared by whoever registers one company; taken whole by an import that brings many.
    COMPANIES = 7_305_101
    # Two that start at once must not migrate at once.
    PREPARING = 0x534D41524B

    def acquire(self, *, shared: bool = False, using: str = DEFAULT_DB_ALIAS) -> None:
        """Wait for it, and hold it until the transaction ends."""
        pglock.advisory(self, shared=shared, xact=True, using=using).acquire()

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Hold it until the transaction ends, unless somebody else does; return whether we do."""
        return pglock.advisory(self, shared=shared, xact=True, timeout=0).acquire()


def acquire_named(name: str) -> None:
    """Wait for the lock of that text, and hold it until the transaction ends: one for each company name, say."""
    pglock.advisory(name, xact=True).acquire()


def try_named(name: str) -> bool:
    """Hold the lock of that text until the transaction ends, unless somebody else does; return whether we do."""
    return pglock.advisory(name, xact=True, timeout=0).acquire()


# Scores are locked by ranges of leads; a pair of numbers is never the same lock as one number.
SCORES = 7_305_005


def acquire_ranges(numbers: Iterable[int], *, shared: bool = False) -> None:
    """Wait for these ranges of scores, in their order, and hold them until the transaction ends. One statement."""
    function = f"pg_advisory_xact_lock{'_shared' if shared else ''}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(%s, number) FROM unnest(%s::integer[]) number", [SCORES, sorted(set(numbers))]
        )
