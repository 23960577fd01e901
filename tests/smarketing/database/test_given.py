"""What is said of a given database that cannot be used: one line, with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections

from smarketing.database import given
from tests.site import connect, database_url

DATABASE, ROLE = "site_given", "site_stranger"
LETTERS = "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"


@pytest.fixture
def address() -> Iterator[str]:
    """Of an empty database, for a role that may connect and nothing else."""
    with closing(connect("postgres")) as line, line.cursor() as cursor:
        line.autocommit = True
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"DROP ROLE IF EXISTS {ROLE}")
        cursor.execute(f"CREATE ROLE {ROLE} LOGIN")
        cursor.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 {LETTERS}")
        yield database_url(DATABASE).replace("postgres://smarketing", f"postgres://{ROLE}")
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {ROLE}")


def in_database(*statements: str) -> None:
    with closing(connect(DATABASE)) as line, line.cursor() as cursor:
        line.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def line_of(address: str, *command: str) -> str:
    """The only line with which the command ends."""
    done = subprocess.run(
        [sys.executable, "manage.py", *(command or ["prepare"])],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("command", [["prepare"], ["token", "adam@demo.example"]], ids=["prepare", "another command"])
def test_a_server_that_does_not_answer(command: list[str]):
    said = line_of("postgres://smarketing@127.0.0.1:1/smarketing", *command)
    reason = "PostgreSQL does not answer at 127.0.0.1:1: Connection refused."
    assert said == f"smarketing: {reason} Start it, or correct DATABASE_URL.\n"


def test_a_database_that_is_missing():
    said = line_of(database_url("site_nowhere"))
    assert 'has no such database: database "site_nowhere" does not exist. Make it as the README says' in said


def test_a_role_that_is_missing(address: str):
    assert 'role "nobody" does not exist. Make it, or correct DATABASE_URL.' in line_of(address.replace(ROLE, "nobody"))


def test_a_role_that_may_make_nothing(address: str):
    said = line_of(address)
    assert f"the role {ROLE} may not make tables in {DATABASE}: `ALTER DATABASE {DATABASE} OWNER TO {ROLE}`" in said


def test_a_role_that_may_make_tables_but_no_extension(address: str):
    in_database(f"GRANT CREATE ON SCHEMA public TO {ROLE}")
    assert f"`CREATE EXTENSION pg_trgm` in {DATABASE} as a superuser" in line_of(address)
    in_database("CREATE EXTENSION pg_trgm")
    assert f"`CREATE EXTENSION btree_gist` in {DATABASE} as a superuser" in line_of(address)


def test_tables_that_belong_to_somebody_else(address: str):
    in_database("CREATE TABLE django_migrations (app text, name text)", f"GRANT CREATE ON SCHEMA public TO {ROLE}")
    assert f"the tables of {DATABASE} belong to the role smarketing: connect as it" in line_of(address)


def test_a_database_that_only_reads(address: str):
    in_database(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
    assert f"the database {DATABASE} only reads" in line_of(address)


def test_a_command_before_the_tables_are_made(address: str):
    owner = database_url(DATABASE)
    assert "run `manage.py prepare`" in line_of(
        owner, "metric", "entered", "--start", "2026-10-01", "--end", "2026-11-01"
    )


@pytest.mark.django_db
def test_extensions_that_the_server_does_not_have(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(given, "EXTENSIONS", ("pg_trgm", "not_there"))
    with connection.cursor() as cursor:
        (fault,) = given.faults_of(cursor, connection.settings_dict)
    assert fault == "the server has no extension not_there: install PostgreSQL's contrib modules there."


@pytest.mark.parametrize(
    ("text", "reason", "advice"),
    [
        (
            'connection to server at "db" (::1), port 1 failed: FATAL:  password authentication failed for user "s"',
            'password authentication failed for user "s"',
            "Correct name and password",
        ),
        (
            'connection to server at "db" (::1), port 1 failed: Connection refused\n\tIs the server running?\n'
            'connection to server at "db" (127.0.0.1), port 1 failed: timeout expired\n',
            "timeout expired",
            "Start it",
        ),
        (
            'could not translate host name "db" to address: Name or service not known',
            'could not translate host name "db" to address: Name or service not known',
            "Start it, or correct",
        ),
    ],
)
def test_why_no_connection_came_about(text: str, reason: str, advice: str):
    assert given.reason_of(text) == reason
    said = given.explain(OperationalError(text), connections["default"].settings_dict)
    assert said is not None
    assert reason in said
    assert advice in said


def test_a_fault_of_the_code_is_explained_by_nobody():
    assert given.explain(ValueError("eggs"), connections["default"].settings_dict) is None


def test_the_password_is_not_said():
    address = f"postgres://smarketing:{quote('s3cret!')}@127.0.0.1:1/smarketing"
    assert "s3cret" not in line_of(address)
