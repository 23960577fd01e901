"""What goes on over several transactions has one holder: an import, the demo, the morning.

A lease is a row with its holder and a heartbeat. Whoever is silent for a minute has lost it: a killed process leaves
its work to the next one.

    with leases.hold("morning") as lease:
        for batch in batches:
            with lease.step():  # a transaction; raises Lost if somebody else took over
                work_on(batch)

What one transaction holds is an advisory lock (`smarketing.database.locks`). See
docs/decisions/0025-leases-and-locks.md.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any, TypeAlias
from uuid import uuid4

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from history.models import Lease

TIMEOUT = timedelta(seconds=60)
BEATS = 4
# Between two looks whether somebody else has released it.
POLL_SECONDS = 0.5
# The holder's row, kept from being taken over until the transaction ends. A heartbeat may be written meanwhile.
GUARD = "SELECT FROM history_lease WHERE name = %s AND holder = %s FOR KEY SHARE"
log = logging.getLogger(__name__)

# What a batch of work is done in: a transaction, and whatever must hold in it.
Step: TypeAlias = Callable[[], AbstractContextManager[Any]]


class Taken(Exception):
    """Somebody else holds it."""


class Lost(Exception):
    """Somebody else took over, since we were silent for too long."""


def acquire(name: str, holder: str) -> bool:
    """Take the lease, also from a holder who was silent for too long; return whether it is ours."""
    with transaction.atomic():
        _expire(name)
        Lease.objects.bulk_create([Lease(name=name, holder=holder)], ignore_conflicts=True)
        return _of(name, holder).exists()


def renew(name: str, holder: str) -> bool:
    """Write the heartbeat; return whether the lease is still ours."""
    return bool(_of(name, holder).update(heartbeat_at=Now()))


def release(name: str, holder: str) -> None:
    """Give it back, if it is still ours."""
    _of(name, holder).delete()


def is_held(name: str) -> bool:
    """Whether somebody holds it. A holder who was silent for too long loses it."""
    held = Lease.objects.filter(name=name)
    if not held.exists():
        return False
    _expire(name)
    return held.exists()


def _of(name: str, holder: str) -> QuerySet[Lease]:
    return Lease.objects.filter(name=name, holder=holder)


def _expire(name: str) -> None:
    """Delete the lease of a silent holder, unless a transaction of theirs is still under way."""
    # Dated ahead by as much it is from before the database's clock was set back: who lives writes another in seconds.
    heard = Q(heartbeat_at__gte=Now() - TIMEOUT, heartbeat_at__lte=Now() + TIMEOUT)
    silent = Lease.objects.filter(~heard, name=name)
    Lease.objects.filter(pk__in=silent.select_for_update(skip_locked=True).values("pk")).delete()


@dataclass(frozen=True)
class Held:
    """A lease that is ours."""

    name: str
    holder: str

    def check(self) -> None:
        """See to it that nobody takes over until this transaction ends. Raises `Lost`."""
        with connection.cursor() as cursor:
            cursor.execute(GUARD, [self.name, self.holder])
            if cursor.fetchone() is None:
                raise Lost(self.name)

    @contextmanager
    def step(self) -> Iterator[None]:
        """A transaction in which it is ours. Raises `Lost`."""
        with transaction.atomic():
            self.check()
            yield


@contextmanager
def hold(name: str, *, waits: bool = False) -> Iterator[Held]:
    """Hold the lease, and keep it alive meanwhile. Raises `Taken`, unless it `waits` for whoever holds it.

    Heartbeats are written by a thread with a connection of its own, whatever becomes of ours. Called in a transaction,
    the lease lives and dies with that, and nobody else sees it.
    """
    lease = Held(name, f"{socket.gethostname()} {os.getpid()} {uuid4().hex[:8]}"[-120:])
    with _inline(lease) if connection.in_atomic_block else _kept_alive(lease, waits=waits):
        yield lease


@contextmanager
def _inline(lease: Held) -> Iterator[None]:
    if not acquire(lease.name, lease.holder):
        raise Taken(lease.name)
    try:
        yield
    finally:
        with suppress(DatabaseError):  # The transaction is broken, and the lease goes with it.
            release(lease.name, lease.holder)


@contextmanager
def _kept_alive(lease: Held, *, waits: bool) -> Iterator[None]:
    done = Event()
    with ThreadPoolExecutor(1, thread_name_prefix=f"lease of {lease.name}") as keeper:
        try:
            if not keeper.submit(_acquire, lease, waits, done).result():
                raise Taken(lease.name)
            keeper.submit(_beat, lease, done)
            yield
        finally:
            done.set()
            keeper.submit(_let_go, lease).result()


def _acquire(lease: Held, waits: bool, done: Event) -> bool:
    while not acquire(lease.name, lease.holder):
        if not waits or done.wait(POLL_SECONDS):
            return False
    return True


def _beat(lease: Held, done: Event) -> None:
    while not done.wait(TIMEOUT.total_seconds() / BEATS):
        try:
            if not renew(lease.name, lease.holder):
                log.error("The lease of %s was taken over: %s was silent for too long.", lease.name, lease.holder)
                return
        except (DatabaseError, InterfaceError):
            log.exception("No heartbeat for %s; trying again.", lease.name)
            connection.close()


def _let_go(lease: Held) -> None:
    """Release it, with a new connection if need be; where the database is gone, it is taken over in a minute."""
    for _ in range(2):
        with suppress(DatabaseError, InterfaceError), closing(connection):
            release(lease.name, lease.holder)
            return
