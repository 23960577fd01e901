"""Each kind of process of a running product, killed hard: it comes back, and nothing accepted is lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

import psutil
import psycopg2
import pytest

from smarketing.backup.database import tools
from teams.models import Token
from tests.site import DOMAIN, database_url, demo_copy, free_port
from tests.smarketing.embedded.embedding import attach, data_folder, let_go, servers_of
from tests.smarketing.test_run import FINE, Run, alive

# Alone on its machine each is back within 8 s; here others work as well.
BACK_WITHIN = 60
PROGRAMS = ("gunicorn", "celery", "smarketing.tick", "valkey", "postgres")
KINDS = {*PROGRAMS, "child of gunicorn", "child of celery", "child of postgres"}
SECRET = "smk_of_somebody_who_is_not_disturbed"
TOKEN = """
INSERT INTO teams_token (user_id, name, scopes, digest, created_at)
SELECT id, 'Kills', '{read,write}', %s, now() FROM teams_user WHERE email = %s
"""
KEPT = "SELECT properties->>'number', count(*) FROM leads_activity WHERE properties ? 'number' GROUP BY 1"
STALE = "SELECT count(*) FROM leads_stalelead WHERE lead_id = %s"


class Company:
    """A running product with a filled database, on servers of its own; and a program that sends it activities."""

    def __init__(self, var: Path) -> None:
        self.sockets = var / "sockets"
        holder = attach(var)
        try:
            fill(f"postgres://smarketing@/smarketing?host={self.sockets}")
            self.ask(TOKEN, Token.digest_of(SECRET), f"marketer@{DOMAIN}")
            ((self.lead,),) = self.ask("SELECT min(id) FROM leads_lead WHERE merged_into_id IS NULL")
        finally:
            let_go(holder)
        self.sent: list[str] = []
        self.run = Run(var, free_port())
        self.run.until_healthy()

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        with closing(psycopg2.connect(host=self.sockets, user="smarketing", dbname="smarketing")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(question, values)
                return list(cursor.fetchall()) if cursor.description else []

    def send(self, number: str) -> None:
        """Send one activity until it is accepted, as a careful program does: again under its own number."""
        self.sent.append(number)
        doing = {"kind": "page_view", "occurred_at": "2026-11-02T09:00:00+09:00", "properties": {"number": number}}
        body = [{"lead": {"id": self.lead}, "message_id": number, **doing}]
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self.run.port}/api/v1/activities/"
        end = time.monotonic() + BACK_WITHIN
        while time.monotonic() < end:
            try:
                with urlopen(Request(address, json.dumps(body).encode(), headers), timeout=10) as answer:
                    assert json.load(answer)["rejected"] == []
                    return
            except OSError as problem:
                if getattr(problem, "code", 503) < 500:
                    raise
            time.sleep(0.1)
        raise AssertionError(f"{number} was not accepted.\n{self.run.log.read_text()}")

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Everything below the supervisor, and the servers that it started, by what it is."""
        found = defaultdict(list)
        for process in {*self.run.family(), *servers_of(self.run.var)}:
            with suppress(psutil.NoSuchProcess):
                name, above = program(process), program(process.parent())
                found[f"child of {name}" if above == name else name].append(process)
        return found

    def is_whole(self, *, without: psutil.Process) -> bool:
        found = self.processes()
        back = set(found) == KINDS and without not in [each for kind in found.values() for each in kind]
        return back and self.run.health() == (200, "\n".join(FINE) + "\n")


def program(process: psutil.Process | None) -> str:
    words = " ".join(process.cmdline()) if process is not None else ""
    return next((name for name in PROGRAMS if name in words), words)


def fill(address: str) -> None:
    """Copy the demo company there."""
    programs = tools(18)
    load = [str(programs / "pg_restore"), "--no-owner", "--exit-on-error", "--dbname", address]
    with demo_copy("killed") as copy:
        dump = [str(programs / "pg_dump"), "--format=custom", "--compress=0", database_url(copy)]
        with subprocess.Popen(dump, stdout=subprocess.PIPE) as writing:
            subprocess.run(load, stdin=writing.stdout, check=True)
        assert writing.returncode == 0


@pytest.fixture
def company() -> Iterator[Company]:
    with data_folder() as folder:
        try:
            yield Company(folder / "var")
        finally:
            for run in Run.started:
                run.process.terminate()
            while Run.started:
                Run.started.pop().process.wait(60)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + BACK_WITHIN
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.proof
def test_what_is_killed_comes_back_and_what_was_accepted_stays_once(company: Company) -> None:
    assert set(company.processes()) == KINDS
    for kind in sorted(KINDS):
        company.send(f"before {kind}")
        killed = company.processes()[kind][0]
        begun = time.monotonic()
        killed.kill()
        company.send(f"after {kind}")
        until(partial(company.is_whole, without=killed))
        print(f"{kind}: back after {time.monotonic() - begun:.1f} s")
    until(lambda: company.ask(STALE, company.lead) == [(0,)])
    assert sorted(company.ask(KEPT)) == [(number, 1) for number in sorted(company.sent)]

    family = company.run.family()
    os.killpg(company.run.process.pid, signal.SIGINT)
    assert company.run.until_ended() == 0
    assert alive(family) == []
    assert servers_of(company.run.var) == []
