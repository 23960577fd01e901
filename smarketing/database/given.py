"""What a given database must offer, and what to do where it does not. One line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from smarketing import env

EXTENSIONS = ("pg_trgm", "btree_gist")
# Classes of PostgreSQL's errors.
NO_RIGHT, NO_TABLE, READ_ONLY, NO_ROOM, SHUT_DOWN = "42501", "42P01", "25006", "53", "57P"
MISSING = """
SELECT wanted, EXISTS (SELECT FROM pg_available_extensions WHERE name = wanted)
FROM unnest(%s::text[]) wanted WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = wanted)
"""
RIGHTS = """
SELECT current_setting('transaction_read_only')::boolean,
       has_database_privilege(current_database(), 'CREATE'),
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
       (SELECT min(pg_get_userbyid(relowner)) FROM pg_class
        WHERE oid = to_regclass('django_migrations') AND NOT pg_has_role(relowner, 'USAGE'))
"""


def faults_of(cursor: CursorWrapper, settings: dict[str, Any]) -> Iterator[str]:
    """What stands in the way of making our tables there."""
    name, role = settings["NAME"], settings["USER"]
    cursor.execute(RIGHTS)
    only_reads, may_make_extensions, may_make_tables, owner = cursor.fetchone()
    cursor.execute(MISSING, [list(EXTENSIONS)])
    missing = cursor.fetchall()
    if only_reads:
        yield f"the database {name} only reads: it is a standby, or was set to read only. Name the one that writes."
    elif owner:
        mended = f"`REASSIGN OWNED BY {owner} TO {role}`"
        yield f"the tables of {name} belong to the role {owner}: connect as it, or {mended} there."
    elif not may_make_tables:
        yield f"the role {role} may not make tables in {name}: `ALTER DATABASE {name} OWNER TO {role}`."
    for extension, is_available in missing:
        if not is_available:
            yield f"the server has no extension {extension}: install PostgreSQL's contrib modules there."
        elif not may_make_extensions:
            yield (
                f"the role {role} may not make the extension {extension}: `CREATE EXTENSION {extension}` in {name}"
                " as a superuser."
            )


def explain(problem: Exception, settings: dict[str, Any]) -> str | None:
    """What an error of the database means for whoever runs the product; None for what is a fault of the code."""
    name, role = settings["NAME"], settings["USER"]
    where = ":".join((settings["HOST"] or "localhost", str(settings["PORT"] or 5432)))
    code = getattr(problem.__cause__, "pgcode", None) or ""
    first = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
    if code == NO_RIGHT:
        return f"the role {role} lacks a right in {name}: {first}. `ALTER DATABASE {name} OWNER TO {role}` gives all."
    if code == READ_ONLY:
        return f"the database {name} only reads: {first}."
    if code == NO_TABLE:
        return f"the database {name} is not up to date ({first}): run `manage.py prepare`."
    if code.startswith(NO_ROOM):
        return f"the server of {name} has no room left: {first}."
    if not isinstance(problem, OperationalError | InterfaceError) or (code and not code.startswith(SHUT_DOWN)):
        return None
    return _describe_refusal(reason_of(str(problem)), where, role)


def reason_of(text: str) -> str:
    """Why no connection came about, without where to: "Connection refused"."""
    attempts = [line.rpartition("failed: ")[2] for line in text.splitlines() if "failed: " in line]
    return (attempts or text.strip().splitlines() or ["no answer"])[-1].removeprefix("FATAL:").strip()


def _describe_refusal(reason: str, where: str, role: str) -> str:
    if "password" in reason or "pg_hba.conf" in reason or "authentication" in reason:
        return f"{where} does not let the role {role} in: {reason}. Correct name and password in DATABASE_URL."
    if reason.startswith("database") and "does not exist" in reason:
        return f"{where} has no such database: {reason}. Make it as the README says, or correct DATABASE_URL."
    if reason.startswith("role"):
        return f"{where} does not let the role in: {reason}. Make it, or correct DATABASE_URL."
    return f"PostgreSQL does not answer at {where}: {reason}. Start it, or correct DATABASE_URL."


def refusal(problem: Exception, connection: BaseDatabaseWrapper) -> env.Refused | None:
    """What a program ends with."""
    line = explain(problem, connection.settings_dict)
    return env.Refused(line) if line else None
