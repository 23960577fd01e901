from collections.abc import Iterator
from contextlib import closing

import pytest
from django.core.management import call_command
from django.db import connection

from smarketing.database import checks
from smarketing.database.checks import database_is_fit
from tests.site import connect

pytestmark = pytest.mark.django_db


@pytest.fixture
def without_letters() -> Iterator[str]:
    """A database whose locale knows the letters of ASCII only."""
    name = "site_without_letters"
    with closing(connect("postgres")) as line, line.cursor() as cursor:
        line.autocommit = True
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
        yield name
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def problems_of(database: str) -> list[str]:
    line = connection.copy()
    line.settings_dict = line.settings_dict | {"NAME": database}
    with closing(line):
        return [problem.id or "" for problem in checks.problems_of(line)]


def test_the_embedded_database_is_fit() -> None:
    assert database_is_fit(None, databases=["default"]) == []
    call_command("check", database=["default"], tags=["database"])


def test_a_database_that_knows_no_japanese_letters_is_refused(without_letters: str) -> None:
    assert problems_of(without_letters) == ["smarketing.E002"]


def test_a_database_without_trigrams_of_japanese_is_refused(without_letters: str) -> None:
    with closing(connect(without_letters)) as line, line.cursor() as cursor:
        line.autocommit = True
        cursor.execute("CREATE EXTENSION pg_trgm")
    assert problems_of(without_letters) == ["smarketing.E002"]


def test_an_older_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "OLDEST", 99)
    (problem,) = database_is_fit(None, databases=["default"])
    assert problem.id == "smarketing.E001"
    assert "99 is needed" in problem.msg
