"""Restoring a backup: it is read whole and checked first, and then brought in by one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from smarketing.backup import archive
from smarketing.backup.archive import Source
from smarketing.backup.contents import FOLDER, Staging
from smarketing.backup.database import Loading
from smarketing.backup.problems import BackupProblem, Damaged
from smarketing.backup.sealing import MAGIC, OpeningReader
from smarketing.backup.writing import DATABASE
from smarketing.database import versions
from smarketing.embedded.locks import Lock

# Held while a backup comes back.
RESTORING = "run-restore.lock"


def is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def check(path: Path, password: str) -> dict[str, Any]:
    """Read all of it, and return what it says of itself. Raises `BackupProblem`, also where it is of newer code."""
    with _opened(path, password) as source:
        about = archive.check(source)
    try:
        datetime.fromisoformat(about["made_at"])
        newer = _unknown(about["migrations"])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Damaged
    if newer:
        raise BackupProblem(
            f"This backup is of a newer version of Smarketing (it knows {newer[0]}). Update this one first."
        )
    return about


def _unknown(names: list[str]) -> list[str]:
    folders = {config.label: Path(config.path) for config in apps.get_app_configs()}
    pairs = [(app, migration) for app, _dot, migration in (name.partition(".") for name in names)]
    return versions.unknown(pairs, folders)


@contextmanager
def alone() -> Iterator[None]:
    """Nothing else comes back into these data meanwhile. Raises `BackupProblem` where something does."""
    var = Path(settings.VAR_DIR)
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock(var / RESTORING)
    if not lock.take_if_free():
        raise BackupProblem("Another backup is being brought back into these data. Nothing was changed.")
    try:
        yield
    finally:
        lock.release()


def check_nothing_runs() -> None:
    """Raises `BackupProblem` while somebody works on the database."""
    for path in Path(settings.VAR_DIR).glob("run-*.lock"):
        if path.name == RESTORING:
            continue
        lock = Lock(path)
        is_free = lock.take_if_free()
        lock.release()
        if not is_free:
            raise BackupProblem("Smarketing runs on these data. Stop it first.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if cursor.fetchone()[0]:
            raise BackupProblem("Somebody is connected to this database. Stop Smarketing, and whoever else uses it.")


def check_place(*, replace: bool) -> None:
    """Raises `BackupProblem` where the database holds data that nobody asked to replace, or another program's."""
    tables = set(connection.introspection.table_names())
    if not tables:
        return
    if "django_migrations" not in tables or "leads_lead" not in tables and "teams_user" not in tables:
        raise BackupProblem("This database holds tables of another program. Name a database that is empty.")
    if not replace and any(_has_rows(table) for table in ("teams_user", "leads_lead") if table in tables):
        raise BackupProblem("There are data here already, and nothing was changed. To throw them away, give --replace.")


def _has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {connection.ops.quote_name(table)})")
        return bool(cursor.fetchone()[0])


def restore(path: Path, password: str, *, afterwards: str) -> None:
    """Bring in a checked backup, and run the statements `afterwards` in the same transaction: the database and the
    files, or neither."""
    staging = Staging(Path(settings.VAR_DIR))
    staging.empty()
    connection.close()
    try:
        with _opened(path, password) as source, Loading() as loading:
            for member in archive.members(source):
                top = member.name.partition("/")[0]
                if top == DATABASE:
                    for chunk in member.chunks:
                        loading.write(chunk)
                elif top == FOLDER:
                    staging.write(member.name, member.chunks)
            loading.finish(afterwards)
            with staging.in_place():
                loading.commit()
    finally:
        # Secrets among them.
        staging.empty()


@contextmanager
def _opened(path: Path, password: str) -> Iterator[Source]:
    with path.open("rb") as file:
        yield OpeningReader(file, password) if is_sealed(path) else file
