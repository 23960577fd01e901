"""What a given database must be able to do."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.db import OperationalError, connections

OLDEST = 18
JAPANESE = "佐藤商事"


def database_is_fit(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a database that is too old, or whose locale finds no letters in Japanese. Run by migrate."""
    return [problem for alias in databases or () for problem in _problems(alias)]


def _problems(alias: str) -> list[CheckMessage]:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return [Error("The database must be PostgreSQL.", id="smarketing.E001")]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
            major = cursor.fetchone()[0]
            if major < OLDEST:
                hint = "Give DATABASE_URL of a newer server, or leave it out to use the embedded one."
                return [
                    Error(f"The database is PostgreSQL {major}; {OLDEST} is needed.", hint=hint, id="smarketing.E001")
                ]
            # What pg_trgm counts as a letter is what the locale of the database counts as one.
            cursor.execute(r"SELECT %s ~ '^\w+$' AND getdatabaseencoding() = 'UTF8'", [JAPANESE])
            knows_letters = cursor.fetchone()[0]
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            if cursor.fetchone() is not None:
                cursor.execute("SELECT cardinality(show_trgm(%s)) > 0", [JAPANESE])
                knows_letters = cursor.fetchone()[0]
    except OperationalError as problem:
        return [Error(f"The database cannot be reached: {str(problem).strip()}", id="smarketing.E003")]
    if knows_letters:
        return []
    hint = "CREATE DATABASE … LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST' TEMPLATE template0 ENCODING UTF8"
    return [Error("In this database's locale Japanese has no letters to search by.", hint=hint, id="smarketing.E002")]
