"""Older code on newer data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from smarketing.database import versions
from smarketing.database.checks import database_is_fit
from tests.site import connect, database_url

DATABASE = "site_newer"


@pytest.fixture
def newer() -> Iterator[str]:
    """A database in which a later version has worked."""
    with closing(connect("postgres")) as line, line.cursor() as cursor:
        line.autocommit = True
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        with closing(connect(DATABASE)) as inside, inside, inside.cursor() as writing:
            writing.execute("CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz)")
            writing.execute(
                "INSERT INTO django_migrations (app, name) VALUES ('sla', '0001_initial'), ('sla', '9999_x')"
            )
        yield DATABASE
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.mark.django_db
def test_what_the_files_say_is_what_the_loader_says():
    recorded = set(MigrationLoader(connection).applied_migrations)
    assert len(recorded) > 50
    assert versions.unknown_migrations(connection) == []


@pytest.mark.parametrize("recorded", [("sla", "9999_later"), ("nurture", "0001_initial"), ("sessions", "0002_later")])
@pytest.mark.django_db
def test_a_migration_or_an_app_of_a_later_version_is_found(recorded: tuple[str, str]):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", recorded)
    assert versions.unknown_migrations(connection) == [".".join(recorded)]
    (problem,) = database_is_fit(None, databases=["default"])
    assert problem.id == "smarketing.E004"


def test_what_another_migration_replaces_is_known(tmp_path: Path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0003_squashed.py").write_text('replaces = [("eggs", "0001_initial"), ("eggs", "0002_more")]')
    recorded = [("eggs", "0001_initial"), ("eggs", "0002_more"), ("eggs", "0003_squashed"), ("eggs", "0004_later")]
    assert versions.unknown(recorded, {"eggs": tmp_path}) == ["eggs.0004_later"]


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "prepare"],
        ["-m", "gunicorn", "smarketing.wsgi", "--preload", "--bind", "127.0.0.1:0"],
        ["-m", "celery", "--app", "smarketing", "--quiet", "worker", "--concurrency", "1"],
    ],
    ids=["prepare", "web", "worker"],
)
def test_nothing_starts_on_newer_data_and_one_line_says_why(newer: str, command: list[str]):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url(newer)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(
        "smarketing: the data are of a newer version than this code, which does not know sla.9999_x"
    )
