"""Each kind of process of a running product, killed hard: it comes back, and nothing accepted is lost or doubled."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2
import pytest
import requests
from django.conf import settings

from smarketing.backup.database import tools
from teams.models import Token
from tests.site import DOMAIN, PASSWORD, database_url, demo_copy, free_port
from tests.smarketing.embedded.embedding import attach, data_folder, let_go, servers_of
from tests.smarketing.test_run import AWKWARD, FINE, Run, alive

# Alone on its machine each is back within 8 s, as what the test writes down shows; here others work as well.
BACK_WITHIN = 90
MEASURED = "kills.log"
PROGRAMS = ("gunicorn", "celery", "smarketing.tick", "valkey", "postgres")
SHAPE = dict.fromkeys(PROGRAMS, 1) | {"child of gunicorn": 2, "child of celery": 2, "child of postgres": 1}
# Without these there is no heartbeat.
THE_TICK_NEEDS = ("smarketing.tick", "postgres", "child of postgres")
SECRET = "smk_of_somebody_who_is_not_disturbed"
TOKEN = """
INSERT INTO teams_token (user_id, name, scopes, digest, created_at)
SELECT id, 'Kills', '{read,write}', %s, now() FROM teams_user WHERE email = %s
"""
KEPT = "SELECT properties->>'number', count(*) FROM leads_activity WHERE properties ? 'number' GROUP BY 1"
STALE = "SELECT count(*) FROM leads_stalelead WHERE lead_id = %s"
BEAT = "SELECT at > %s FROM smarketing_heartbeat WHERE name = 'tick'"


class Company:
    """A running product with a filled database, on servers of its own; somebody who reads a page, and a program that
    sends activities."""

    def __init__(self, var: Path) -> None:
        self.sockets = var / "sockets"
        holder = attach(var)
        try:
            fill(f"postgres://smarketing@/smarketing?host={quote(str(self.sockets))}")
            self.ask(TOKEN, Token.digest_of(SECRET), f"marketer@{DOMAIN}")
            ((self.lead,),) = self.ask("SELECT min(id) FROM leads_lead WHERE merged_into_id IS NULL")
        finally:
            let_go(holder)
        self.sent: list[str] = []
        self.run = Run(var, free_port())
        self.run.until_healthy()
        self.address = f"http://127.0.0.1:{self.run.port}"
        self.reader = requests.Session()
        self.sign_in()

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        with closing(psycopg2.connect(host=self.sockets, user="smarketing", dbname="smarketing")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(question, values)
                return list(cursor.fetchall()) if cursor.description else []

    def sign_in(self) -> None:
        page = f"{self.address}/account/login/"
        self.reader.get(page, timeout=30).raise_for_status()
        given = {"login": f"marketer@{DOMAIN}", "password": PASSWORD}
        token = {"csrfmiddlewaretoken": self.reader.cookies["csrftoken"]}
        self.reader.post(page, given | token, headers={"Referer": page}, timeout=30).raise_for_status()
        assert self.reads()

    def reads(self) -> bool:
        """Whether the page of the lead comes to whoever signed in before."""
        with suppress(requests.RequestException):
            page = self.reader.get(f"{self.address}/leads/{self.lead}/", timeout=10, allow_redirects=False)
            assert page.status_code in (200, 503), page.text
            return page.status_code == 200
        return False

    def send(self, number: str) -> None:
        """Send one activity until it is accepted, as a careful program does: again under its own number."""
        self.sent.append(number)
        doing = {"kind": "page_view", "occurred_at": "2026-11-02T09:00:00+09:00", "properties": {"number": number}}
        body: Any = [{"lead": {"id": self.lead}, "message_id": number, **doing}]
        headers = {"Authorization": f"Bearer {SECRET}"}
        end = time.monotonic() + BACK_WITHIN
        while time.monotonic() < end:
            with suppress(requests.RequestException):
                answer = requests.post(f"{self.address}/api/v1/activities/", json=body, headers=headers, timeout=10)
                if answer.status_code < 500:
                    answer.raise_for_status()
                    assert answer.json()["rejected"] == []
                    return
            time.sleep(0.1)
        raise AssertionError(f"{number} was not accepted.\n{self.run.log.read_text()}")

    def is_worked(self) -> bool:
        """Whether the worker has done what the last activity asks for."""
        with suppress(psycopg2.OperationalError):
            return self.ask(STALE, self.lead) == [(0,)]
        return False

    def has_beaten(self, since: datetime) -> bool:
        with suppress(psycopg2.OperationalError):
            return self.ask(BEAT, since) == [(True,)]
        return False

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Everything below the supervisor, and the servers that it started, by what it is."""
        servers = servers_of(self.run.var)
        below = [child for server in servers for child in children(server)]
        found = defaultdict(list)
        for process in sorted({*self.run.family(), *servers, *below}, key=lambda each: each.pid):
            with suppress(psutil.NoSuchProcess):
                name, above = program(process), program(process.parent())
                found[f"child of {name}" if above == name else name].append(process)
        return found

    def strays(self) -> list[psutil.Process]:
        """Programs of this data directory that nobody looks after."""
        found = programs_of(self.run.var)
        mine = {psutil.Process(self.run.process.pid), *self.run.family()}
        return [each for each in found if each not in mine and each.is_running()]

    def shape(self) -> dict[str, int]:
        """How many there are of each kind; of PostgreSQL's own, as many as it needs."""
        return {kind: 1 if kind == "child of postgres" else len(found) for kind, found in self.processes().items()}

    def is_whole(self) -> bool:
        return self.shape() == SHAPE and self.run.health() == (200, "\n".join(FINE) + "\n")

    def kill(self, process: psutil.Process, kind: str, *, beaten_since: datetime) -> float:
        """Kill it, and return after how many seconds everything was done again as before."""
        gone = [process, *children(process)]
        at, begun = datetime.now(UTC), time.monotonic()
        process.kill()
        self.send(f"after {kind}, {process.pid}")
        for condition in (self.is_worked, self.reads, self.is_whole):
            until(condition)
        took = time.monotonic() - begun
        # It beats every 5 s: where nothing that it needs was killed, it is enough that it went on since the last time.
        until(partial(self.has_beaten, at if kind in THE_TICK_NEEDS else beaten_since))
        assert alive(gone) == []
        assert self.strays() == []
        return took


def program(process: psutil.Process | None) -> str:
    words = " ".join(process.cmdline()) if process is not None else ""
    return next((name for name in PROGRAMS if name in words), words)


def children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []


def programs_of(var: Path) -> list[psutil.Process]:
    """Web, worker, tick and supervisor are told their data directory; the servers have a clean environment."""
    told = psutil.process_iter(["environ"])
    return [process for process in told if (process.info["environ"] or {}).get("VAR_DIR") == str(var)]


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
        var = folder / AWKWARD / "var"
        try:
            yield Company(var)
        finally:
            for process in programs_of(var):
                process.kill()
            while Run.started:
                Run.started.pop().process.wait(60)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + BACK_WITHIN
    while not condition():
        assert time.monotonic() < end, condition
        time.sleep(0.1)


def kill_all(company: Company, *, most: int) -> None:
    """Kill each process that there is, at most so many of a kind, and write down after how long all was well again."""
    found = company.processes()
    assert company.shape() == SHAPE
    with (Path(settings.VAR_DIR) / MEASURED).open("w") as log:
        at = datetime.now(UTC)
        for kind in sorted(SHAPE):
            for number in range(min(most, len(found[kind]))):
                of_a_kind = company.processes()[kind]
                begun = datetime.now(UTC)
                took = company.kill(of_a_kind[number % len(of_a_kind)], kind, beaten_since=at)
                at = begun
                print(f"{kind}: all is well after {took:.1f} s", file=log, flush=True)
    print(Path(log.name).read_text())


def stop(company: Company) -> None:
    """As Ctrl-C does where it runs in the background: the whole group is interrupted. Nothing is left."""
    family = company.run.family()
    os.killpg(company.run.process.pid, signal.SIGINT)
    assert company.run.until_ended() == 0
    assert alive(family) == []
    assert servers_of(company.run.var) == []
    assert programs_of(company.run.var) == []
    # An outage is a line. What stands behind each traceback of one, with what was said before.
    log = company.run.log.read_text()
    assert re.findall(r"\n([^\n]+\nTraceback(?:(?!\n[0-9]{4}-).)*?\ndjango\.db\.utils\.[^\n]*)", log, re.DOTALL) == []
    assert "\ndjango.db.utils." not in log


@contextmanager
def busy(company: Company) -> Iterator[None]:
    """Meanwhile a program sends one activity after the other."""
    over = Event()
    failed: list[BaseException] = []

    def work() -> None:
        number = 0
        try:
            while not over.wait(0.05):
                number += 1
                company.send(f"meanwhile {number}")
        except BaseException as problem:
            failed.append(problem)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert failed == []


def test_one_of_each_kind_comes_back_after_it_was_killed_and_a_stop_leaves_nothing(company: Company) -> None:
    kill_all(company, most=1)
    assert sorted(company.ask(KEPT)) == [(number, 1) for number in sorted(company.sent)]
    stop(company)


@pytest.mark.proof
def test_every_process_comes_back_and_what_was_accepted_meanwhile_is_there_once(company: Company) -> None:
    with busy(company):
        kill_all(company, most=9)
    until(company.is_worked)
    assert sorted(company.ask(KEPT)) == [(number, 1) for number in sorted(company.sent)]
    stop(company)
