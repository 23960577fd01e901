"""A database of the bench's own, beside the product's: measuring never touches real or demo data, nor their queue."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import django
from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DEFAULT_DB_ALIAS

from smarketing import embedded, env

NAME = "smarketing_bench"
# Of the embedded queue's server, to whose last database nobody listens.
QUEUE = 15


@contextmanager
def used() -> Iterator[None]:
    """Point Django at the bench's database, made when it is missing, and at a queue where nobody hears what is asked
    for, until the end of the block. Call before anything connects."""
    settings.DATABASES[DEFAULT_DB_ALIAS]["NAME"] = NAME
    if has_queue := embedded.needs_valkey():
        address = embedded.Valkey(embedded.place(), embedded.say).address(QUEUE)
        settings.CACHES["default"]["LOCATION"] = address
        settings.CELERY_BROKER_URL = env.celery_address(address)
    django.setup()
    _make(anew=False)
    try:
        yield
    finally:
        if has_queue:
            caches["default"].clear()  # The whole of its database, with what waits in the queue.


def address() -> str:
    """What DATABASE_URL would be."""
    to: dict[str, Any] = settings.DATABASES[DEFAULT_DB_ALIAS]
    user = quote(str(to["USER"]), safe="") + (f":{quote(str(to['PASSWORD']), safe='')}" if to.get("PASSWORD") else "")
    if str(to["HOST"]).startswith("/"):
        return f"postgres://{user}@:{to['PORT'] or 5432}/{NAME}?host={quote(str(to['HOST']), safe='')}"
    return f"postgres://{user}@{to['HOST']}:{to['PORT'] or 5432}/{NAME}"


def vacuum(*tables: str, analyze: bool = False) -> None:
    """Sweep up in these tables, or in all. Inside of a transaction nothing can be swept."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for table in tables or ("",):
            cursor.execute(f"VACUUM {'(ANALYZE)' if analyze else ''} {table}")


def wait_for_sweepers(seconds: float = 120) -> None:
    """Wait until nobody sweeps up by itself: it would be counted as work of ours."""
    end = monotonic() + seconds
    with connection.cursor() as cursor:
        while monotonic() < end:
            cursor.execute("SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'")
            if not cursor.rowcount:
                return
            sleep(0.1)


@contextmanager
def untold() -> Iterator[None]:
    """A transaction in which nothing is checked, and nothing told to anybody: generated rows refer to generated rows,
    and what happens to them happened to nobody."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def is_filled_with(what: dict[str, Any]) -> bool:
    """Whether it holds exactly this, made by exactly these migrations: then there is nothing to make."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        (said,) = cursor.fetchone()
    return bool(said) and not _is_behind() and json.loads(said) == what | {"migrations": _migrations()}


def remember(what: dict[str, Any]) -> None:
    note = json.dumps(what | {"migrations": _migrations()})
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {NAME} IS %s", [note])


def make_anew() -> None:
    _make(anew=True)
    call_command("migrate", verbosity=0)


def _make(*, anew: bool) -> None:
    connection.close()
    # Django's own way to a connection that needs no database of its name.
    with connection._nodb_cursor() as cursor:
        if anew:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")


def _is_behind() -> bool:
    """Whether the code has migrations that the database has not seen."""
    plan = MigrationExecutor(connection)
    return bool(plan.migration_plan(plan.loader.graph.leaf_nodes()))


def _migrations() -> list[str]:
    with connection.cursor() as cursor:
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return []
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]
