"""The machine works in the background, unless somebody holds it: while a whole past is written, it must not look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Whoever works takes it shared; whoever holds the machine takes it alone, and waits for those at work.
LOCK = 7_305_003


@contextmanager
def working() -> Iterator[bool]:
    """Say whether the machine may work now, and keep it from being held meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock_shared(%s)", [LOCK])
        may_work = bool(cursor.fetchone()[0])
        try:
            yield may_work
        finally:
            if may_work:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [LOCK])


@contextmanager
def held() -> Iterator[None]:
    """Hold the machine. What is marked meanwhile is worked on afterwards; a killed holder lets go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
