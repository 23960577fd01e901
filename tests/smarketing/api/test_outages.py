"""While the database is away, programs get 503 problem details with a moment to come back, people a page."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from django.db import (
    DatabaseError,
    DataError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.test import Client

from smarketing.database.outages import is_outage
from tests.api import Program, faults

NEWS = {"lead": {"email": "ann@example.com"}, "kind": "demo_request", "occurred_at": "2026-11-16T09:00:00Z"}


@pytest.fixture
def calm(program: Program) -> Program:
    """A program whose test client hands on what the server answers, also a fault."""
    program.client.raise_request_exception = False
    assert program.get("leads/").status_code == 200
    return program


@pytest.fixture
def away(calm: Program) -> Iterator[Program]:
    """Nobody listens where the database was."""
    before = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    connection.close()
    connection.settings_dict.update({"HOST": "127.0.0.1", "PORT": "1"})
    yield calm
    connection.close()
    connection.settings_dict.update(before)


@pytest.fixture
def reading(calm: Program) -> Iterator[Program]:
    """The database only reads."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    yield calm
    connection.close()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("path", ["leads/", "companies/", "opportunities/"])
def test_a_program_that_reads_is_told_when_to_come_back(away: Program, path: str):
    answer = away.get(path)
    assert faults(answer, 503) == {}
    assert int(answer["Retry-After"]) >= 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_program_that_writes_is_told_too(away: Program):
    answer = away.post("activities/", [NEWS])
    assert faults(answer, 503) == {}
    assert int(answer["Retry-After"]) >= 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_only_reads_still_reads(reading: Program):
    """But for what people are: who reads that is written down, or does not read it."""
    assert reading.get("deal-stages/").status_code == 200
    assert faults(reading.get("leads/"), 503) == {}
    assert faults(reading.post("leads/", {"email": "ann@example.com"}), 503) == {}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_person_gets_a_page(away: Program):
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    answer = client.get("/")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) >= 1
    assert "数秒後" in answer.content.decode()


@pytest.mark.django_db
def test_a_fault_of_ours_is_no_outage(calm: Program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dashboards.lead.api.list_response", lambda *what, **how: 1 / 0)
    answer = calm.get("leads/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer


def raised(kind: type[Exception], code: str = "") -> Exception:
    cause = psycopg2.Error()
    cause.__setstate__({"pgcode": code or None})
    error = kind("said")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (raised(OperationalError), True),
        (raised(InterfaceError), True),
        (raised(DatabaseError), True),
        (raised(DataError), False),
        (raised(OperationalError, "57P01"), True),
        (raised(OperationalError, "40P01"), True),
        (raised(OperationalError, "53100"), True),
        (raised(ProgrammingError, "25006"), True),
        (raised(OperationalError, "57014"), False),
        (raised(ProgrammingError, "42703"), False),
        (raised(ProgrammingError), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_what_an_outage_is(problem: Exception | None, expected: bool):
    assert is_outage(problem) is expected
