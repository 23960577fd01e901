"""Running and pausing background work: while the demo's past is written, no task may act on half of it.

A restored copy keeps still as well, until somebody confirms that it is the real one.

Whoever pauses it holds a lease, and takes the lock exclusively once: that waits for the steps under way. Each step of a
task shares the lock and looks for the lease, so that it sees a pause from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import transaction

from history import leases
from history.leases import Step
from history.restoration import keeps_still
from smarketing.database.locks import Lock

LEASE = "background"


class Paused(Exception):
    """Background work is paused."""


@contextmanager
def running() -> Iterator[Step]:
    """Run a task in steps, each a transaction. Once work is paused, the task ends; a later one does the rest."""
    with suppress(Paused):
        yield _no_step if keeps_still() else _step


@contextmanager
def _no_step() -> Iterator[None]:
    """A restored copy does nothing. Raises `Paused`."""
    raise Paused
    yield


@contextmanager
def _step() -> Iterator[None]:
    """A transaction in which background work is not paused. Raises `Paused`."""
    with transaction.atomic():
        if not Lock.BACKGROUND.try_acquire(shared=True) or leases.is_held(LEASE):
            raise Paused
        yield


@contextmanager
def paused() -> Iterator[Step]:
    """Pause background work, and yield the steps of the only one who works. Tasks go on afterwards; if this process is
    killed, within a minute."""
    with leases.hold(LEASE, waits=True) as lease:
        with transaction.atomic():
            Lock.BACKGROUND.acquire()
        yield lease.step
