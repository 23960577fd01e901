"""Older code on newer data: the database records a migration that this code does not have.

Its pages would fail on columns that they do not know, and its worker stand still. So nothing starts on them.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from django.apps import apps
from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from smarketing import env

RECORDED = "SELECT app, name FROM django_migrations ORDER BY id"


def unknown_migrations(connection: BaseDatabaseWrapper) -> list[str]:
    """The migrations that the database records and this code does not have; none in a new database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(RECORDED)
        return unknown(cursor.fetchall(), {config.label: Path(config.path) for config in apps.get_app_configs()})


def unknown(recorded: Iterable[tuple[str, str]], folders: Mapping[str, Path]) -> list[str]:
    """Those of the recorded migrations that no file has. Asked of the files: loading all of them takes a second."""
    return [f"{app}.{name}" for app, name in recorded if app not in folders or not _has(folders[app], name)]


def _has(folder: Path, name: str) -> bool:
    migrations = folder / "migrations"
    if (migrations / f"{name}.py").exists():
        return True
    # A migration that replaces others names them.
    texts = (path.read_text() for path in migrations.glob("*.py"))
    return any("replaces" in text and name in text for text in texts)


def describe(unknown: list[str]) -> str:
    return (
        f"the data are of a newer version than this code, which does not know {unknown[-1]}"
        f"{f' and {len(unknown) - 1} more' if len(unknown) > 1 else ''}."
        " Start the newer version again, or restore a backup from before it."
    )


def refuse_newer_data() -> None:
    """Raises `Refused`. Where the database does not answer there is nothing to refuse yet. Leaves no connection open,
    so that it can be asked before a fork."""
    try:
        found = unknown_migrations(connection)
    except Error:
        return
    finally:
        connection.close()
    if found:
        raise env.Refused(describe(found))
