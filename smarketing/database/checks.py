"""What a given database must be able to do."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from smarketing import env
from smarketing.database import given, versions

OLDEST = 18
JAPANESE = "佐藤商事"
NEWER = "Give DATABASE_URL of a newer server, or leave it out to use the embedded one."
LOCALE = "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"


def database_is_fit(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a database that is too old, or whose locale finds no letters in Japanese. Run by migrate."""
    return [problem for alias in databases or () for problem in problems_of(connections[alias])]


def problems_of(connection: BaseDatabaseWrapper) -> list[CheckMessage]:
    if connection.vendor != "postgresql":
        return [Error("The database must be PostgreSQL.", id="smarketing.E001")]
    try:
        with connection.cursor() as cursor:
            major = _answer(cursor, "SELECT current_setting('server_version_num')::int / 10000")
            if major < OLDEST:
                return [_error(f"The database is PostgreSQL {major}; {OLDEST} is needed.", NEWER, "E001")]
            if not _knows_letters(cursor):
                return [_error("In this database's locale Japanese has no letters to search by.", LOCALE, "E002")]
            if faults := list(given.faults_of(cursor, connection.settings_dict)):
                return [_error(fault, None, "E005") for fault in faults]
        if unknown := versions.unknown_migrations(connection):
            return [_error(versions.describe(unknown), None, "E004")]
    except (OperationalError, InterfaceError) as problem:
        return [_error(given.explain(problem, connection.settings_dict) or str(problem).strip(), None, "E003")]
    return []


def refuse_unfit(connection: BaseDatabaseWrapper) -> None:
    """Raises `Refused` with the first problem, in one line."""
    for problem in problems_of(connection):
        raise env.Refused(" ".join(filter(None, (problem.msg, problem.hint))))


def _knows_letters(cursor: CursorWrapper) -> bool:
    """What the locale counts as a letter is what pg_trgm makes trigrams of; asked of itself, when it is there."""
    if _answer(cursor, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"):
        return bool(_answer(cursor, "SELECT cardinality(show_trgm(%s))", JAPANESE))
    return bool(_answer(cursor, r"SELECT getdatabaseencoding() = 'UTF8' AND %s ~ '^\w+$'", JAPANESE))


def _answer(cursor: CursorWrapper, question: str, *values: str) -> Any:
    cursor.execute(question, values)
    row = cursor.fetchone()
    return row[0] if row else None


def _error(message: str, hint: str | None, number: str) -> CheckMessage:
    return Error(message, hint=hint, id=f"smarketing.{number}")
