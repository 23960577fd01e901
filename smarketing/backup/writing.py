"""Writing a backup into a file: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.timezone import now

from smarketing.backup import contents, database
from smarketing.backup.archive import Target, Writer
from smarketing.backup.problems import BackupProblem
from smarketing.backup.sealing import SealingWriter

DATABASE = "database"


def write_backup(path: Path, *, password: str = "") -> int:
    """Write the database and the files to keep, and return how many bytes. Raises `BackupProblem` and `OSError`."""
    if path.exists():
        raise BackupProblem(f"{path} is there already. Name a new file.")
    # Where the database's programs are missing, before anything is written.
    database.tools(database.server_version())
    with new_file(path) as file, _sealed(file, password) as target:
        archive = Writer(target, describe())
        # First the database: a file that it mentions is never younger than it.
        archive.add_parts(DATABASE, database.dump())
        for name, kept in contents.files_of(Path(settings.VAR_DIR)):
            # A mail that is tidied away meanwhile is in no backup.
            with suppress(FileNotFoundError):
                archive.add_file(name, kept)
        archive.finish()
    return path.stat().st_size


def describe() -> dict[str, Any]:
    """What a backup says of itself: when it was made, and of what."""
    return {
        "made_at": now().isoformat(),
        "postgresql": database.server_version(),
        "secret_key": "not in it: given by the environment" if os.environ.get("SECRET_KEY") else "in it",
        "migrations": sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
    }


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that only we can read, under its name once it is whole."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _sealed(file: BinaryIO, password: str) -> Iterator[Target]:
    if not password:
        yield file
        return
    target = SealingWriter(file, password)
    yield target
    target.close()
