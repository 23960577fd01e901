"""The whole product, running: web, worker and beat as `make run` starts them, over a database of its own.

The database begins as a copy of the demo company, which is made once and again when the code has changed.
"""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import grimp
import psycopg2
from django.conf import settings

from smarketing.run import has_command

PASSWORD = "a believable company"
DOMAIN = "demo.example"
# The number of the process that runs this test, among those that run tests at the same time.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# Databases of the queue's server: a worker's cache, and behind them a queue that nobody else listens to.
MOST_WORKERS = 8
# Beside what migrations import.
MODELS = re.compile(r"(^|\.)(models|apps|migrate)(\.|$)|^smarketing\.(settings|database\.backend)")


class Site:
    """One running product at one address."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.var = Path(settings.VAR_DIR) / f"sites-{WORKER}"
        self.var.mkdir(exist_ok=True)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = os.environ | {
            "DATABASE_URL": database_url(database),
            "REDIS_URL": queue_url(),
            "VAR_DIR": str(self.var),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DEMO": "false",
            "DEMO_PASSWORD": PASSWORD,
        }
        self.log = self.var / f"{database}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "smarketing.run"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + 120
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"The site did not start:\n{self.log.read_text()}")
            time.sleep(0.2)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def manage(self, *arguments: str) -> str:
        """Run a management command over this site's data; hand back what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that one SQL statement gives."""
        with closing(connect(self.database)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(question, values)
            return list(cursor.fetchall()) if cursor.description else []

    def a_night_passes(self) -> None:
        """What begins at the next midnight has begun: its moment, and the end of what it replaces, move to now."""
        for table in ("sla_agreement", "funnel_definition", "scoring_scoremodel"):
            for column in ("replaced_at", "in_force_from"):
                self.ask(f"UPDATE {table} SET {column} = now() WHERE {column} > now()")

    def texts(self) -> frozenset[str]:
        """Every short text that the data of this site hold: what people wrote, in their own language."""
        columns = self.ask(
            "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables"
            " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            " AND data_type IN ('text', 'character varying', 'jsonb')"
        )
        found: set[str] = set()
        for table, column, kind in columns:
            path = "'strict $.** ? (@.type() == \"string\")'"
            value = f"jsonb_path_query(\"{column}\", {path}) #>> '{{}}'" if kind == "jsonb" else f'"{column}"'
            rows = self.ask(f'SELECT DISTINCT value FROM (SELECT {value} AS value FROM "{table}") AS t LIMIT 20000')
            found |= {" ".join(str(value).split()) for (value,) in rows if value}
        return frozenset(found)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (HTTPError, OSError):
            return False


@contextmanager
def demo_site(name: str) -> Iterator[Site]:
    """The product with a fresh copy of the demo company, until the end of the block."""
    with demo_copy(f"site_{name}") as database:
        site = Site(database)
        try:
            site.start()
            yield site
        finally:
            site.stop()


@contextmanager
def demo_copy(name: str) -> Iterator[str]:
    """A database with a fresh copy of the demo company, until the end of the block."""
    pattern, database = demo_pattern(), f"{name}_{WORKER}"
    drop = f"DROP DATABASE IF EXISTS {database} WITH (FORCE)"
    with closing(connect("postgres")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(drop)
        cursor.execute(f"CREATE DATABASE {database} TEMPLATE {pattern}")
    try:
        yield database
    finally:
        with closing(connect("postgres")) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(drop)


def migrated_pattern() -> str:
    """The name of a database in which the present migrations ran, and nothing else."""
    name = f"migrated_{digest_of(migrating_code())}"
    return _pattern(name, lambda: "template1", lambda site: site.manage("migrate", "--no-input", "-v", "0"))


def demo_pattern() -> str:
    """The name of a database that holds the demo company as the present code makes it."""
    small = ("--leads", "400", "--days", "150")
    name = f"demo_{digest_of(all_code())}"
    return _pattern(name, migrated_pattern, lambda site: site.manage("demo", "--if-empty", *small))


def _pattern(name: str, begin_with: Callable[[], str], fill: Callable[[Site], object]) -> str:
    """The same name, of a database that is made once for the present code, to be copied."""
    kind = name.partition("_")[0]
    with closing(connect("postgres")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        # Of those who run tests at the same time one makes it; the lock ends with the connection.
        cursor.execute("SELECT pg_advisory_lock(%s)", [zlib.crc32(kind.encode())])
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{kind}\\_%"])
        found = {row[0] for row in cursor.fetchall()}
        if name in found:
            return name
        for old in found:
            with suppress(psycopg2.Error):
                cursor.execute(f"DROP DATABASE {old}")
        unfinished = f"{name}_unfinished"
        cursor.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {unfinished} TEMPLATE {begin_with()}")
        fill(Site(unfinished))
        cursor.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    return name


def can_be_made() -> bool:
    return has_command("demo")


def digest_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in (Path(settings.BASE_DIR) / "requirements.txt", *sorted(paths)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def all_code() -> set[Path]:
    """Every module of the product."""
    base = Path(settings.BASE_DIR)
    found = base.glob("[a-z]*/**/*.py")
    return {path for path in found if path.relative_to(base).parts[0] not in ("tests", "bench", "var")}


def migrating_code() -> set[Path]:
    """The modules on which a migrated database depends: migrations and all that they import, the models, whose names
    become rows, and what says which of them there are."""
    base = Path(settings.BASE_DIR)
    names = {".".join(path.relative_to(base).with_suffix("").parts): path for path in all_code()}
    graph = grimp.build_graph(*sorted({name.partition(".")[0] for name in names}), cache_dir=None)
    migrations = {name for name in graph.modules if ".migrations." in name}
    found = migrations.union(*(graph.find_upstream_modules(name) for name in migrations))
    found |= {name for name in names if MODELS.search(name)}
    # A module's packages are loaded before it.
    found |= {".".join(parts[:size]) for parts in (name.split(".") for name in found) for size in range(1, len(parts))}
    return {names[name] for name in names if name.removesuffix(".__init__") in found}


def connect(database: str) -> "psycopg2.extensions.connection":
    here: dict[str, Any] = settings.DATABASES["default"]
    return psycopg2.connect(
        host=here["HOST"],
        port=here["PORT"],
        user=here["USER"],
        password=here.get("PASSWORD") or None,
        dbname=database,
    )


def database_url(database: str) -> str:
    here: dict[str, Any] = settings.DATABASES["default"]
    secret = f":{here['PASSWORD']}" if here.get("PASSWORD") else ""
    if here["HOST"].startswith("/"):
        return f"postgres://{here['USER']}{secret}@/{database}?host={here['HOST']}"
    return f"postgres://{here['USER']}{secret}@{here['HOST']}:{here['PORT'] or 5432}/{database}"


def queue_url() -> str:
    """The same queue's server, and a database there that nobody else listens to."""
    return queue_database(MOST_WORKERS + WORKER)


def queue_database(number: int) -> str:
    """The address of one database of the queue's server."""
    here = str(settings.CACHES["default"]["LOCATION"])
    if here.startswith("unix:"):
        return re.sub(r"db=\d+", f"db={number}", here)
    return urlsplit(here)._replace(path=f"/{number}").geturl()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
