"""The whole product over the bench's database: web, worker and tick, as `make run` starts them.

It has a data directory, a port and a queue of its own; only the database is the bench's.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from bench import database
from bench.machine import children, family
from bench.report import say
from sla.models import BegunDay
from smarketing.company import company_zone

START_WITHIN = 180
# The programs, by a word of their command; two of them write a title over it.
PROGRAMS = {"web": b"gunicorn", "worker": b"celery", "tick": b"smarketing.tick"}


@dataclass(frozen=True)
class Product:
    """A running product: its supervisor's process, its port, its log."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self) -> HTTPConnection:
        return HTTPConnection("localhost", self.port, timeout=120)

    def programs(self) -> dict[str, set[int]]:
        """The processes of each program."""
        found = {name: set[int]() for name in PROGRAMS}
        for child in children(self.process.pid):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            for name, word in PROGRAMS.items():
                if word in command:
                    found[name] = family(child)
        if missing := [name for name, pids in found.items() if not pids]:
            raise AssertionError(f"These do not run: {', '.join(missing)}.")
        return found

    def wait_until_it_answers(self) -> None:
        end = time.monotonic() + START_WITHIN
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"The product did not start:\n{self.log.read_text()}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://localhost:{self.port}/healthz", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def running() -> Iterator[Product]:
    """The product, until the end of the block. The morning of this day has passed already: it is measured alone."""
    today = now().astimezone(company_zone()).date()
    BegunDay.objects.get_or_create(zone=company_zone().key, day=today)
    var = settings.VAR_DIR / "bench" / "product"
    var.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), var / "product.log"
    say(f"Starting the product on port {port}; its log is {log}.")
    with log.open("wb") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "smarketing.run"],
            cwd=settings.BASE_DIR,
            env=_environment(var, port),
            stdin=subprocess.DEVNULL,
            stdout=to,
            stderr=subprocess.STDOUT,
        )
    product = Product(process, port, log)
    try:
        product.wait_until_it_answers()
        yield product
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        BegunDay.objects.filter(zone=company_zone().key, day=today).delete()
        connection.close()


def _environment(var: Path, port: int) -> dict[str, str]:
    """The keys are ours: sessions that we begin are known there, and what is encrypted is read."""
    ours = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "PUBLIC_URL")}
    return ours | {
        "DATABASE_URL": database.address(),
        "VAR_DIR": str(var),
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "DEMO": "false",
        "SECRET_KEY": settings.SECRET_KEY,
        "ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
