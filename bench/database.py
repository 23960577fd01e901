"""A database of the bench's own, beside the product's: measuring never touches real or demo data."""

import json
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DEFAULT_DB_ALIAS

NAME = "smarketing_bench"


def use_bench_database() -> None:
    """Point Django at the bench's database, made when it is missing. Call before anything connects."""
    settings.DATABASES[DEFAULT_DB_ALIAS]["NAME"] = NAME
    django.setup()
    _make(anew=False)


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
