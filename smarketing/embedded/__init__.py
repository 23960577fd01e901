"""PostgreSQL and Valkey from their wheels, shared by every command that uses one data directory.

    with attached():
        ...

Whoever is attached holds a shared lock on one file; the kernel lets go of it however a process ends. The last one out
finds nobody else holding it, and stops the servers. What a killed process left running is adopted by the next one.
"""

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smarketing import env, saying
from smarketing.embedded.locks import Lock
from smarketing.embedded.logs import rotate
from smarketing.embedded.place import Place, place
from smarketing.embedded.postgres import Postgres
from smarketing.embedded.processes import exit_on, undisturbed
from smarketing.embedded.valkey import Valkey

__all__ = [
    "Attachment",
    "Place",
    "Postgres",
    "Valkey",
    "addresses",
    "attached",
    "needs_postgres",
    "needs_valkey",
    "place",
]

Say = Callable[[str], None]


def needs_postgres() -> bool:
    return not env.text("DATABASE_URL")


def needs_valkey() -> bool:
    return not env.text("REDIS_URL")


def addresses() -> dict[str, str]:
    """What DATABASE_URL and REDIS_URL would be, also of the embedded servers."""
    return {
        "DATABASE_URL": env.text("DATABASE_URL") or Postgres(place(), say).address(),
        "REDIS_URL": env.text("REDIS_URL") or Valkey(place(), say).address(),
    }


def say(line: str) -> None:
    saying.say(line, sys.stderr)


class Attachment:
    """One process's hold on the embedded servers of one place."""

    def __init__(self, where: Place, *, database: bool, queue: bool, say: Say) -> None:
        self.where, self.say = where, say
        self.postgres = Postgres(where, say) if database else None
        self.valkey = Valkey(where, say) if queue else None
        self.in_use = Lock(where.var / "embedded.in-use")

    def enter(self) -> None:
        self.in_use.share()
        try:
            self.ensure_running()
        except BaseException:
            self.leave()
            raise

    def ensure_running(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Start what does not run, and make the database. Safe to call at any time, from several processes at once.
        `meanwhile` is called every now and then while PostgreSQL takes its time."""
        if self.postgres is not None:
            self.postgres.meanwhile = meanwhile
        with Lock(self.where.var / "embedded.starting").alone():
            for server in (self.postgres, self.valkey):
                if server is not None:
                    server.ensure_running()
                    rotate(server.log)

    def leave(self) -> None:
        """Let go; the last one out stops the servers, also those that another process started."""
        self.in_use.release()
        if not self.in_use.take_if_free():
            return
        try:
            with undisturbed():
                Valkey(self.where, self.say).stop()
                Postgres(self.where, self.say).stop()
                self._forget_sockets()
        finally:
            self.in_use.release()

    def _forget_sockets(self) -> None:
        """The folder of the sockets is made anew by who starts a server; it may lie outside of the data directory."""
        servers = Valkey(self.where, self.say), Postgres(self.where, self.say)
        if not any(server.is_running() for server in servers):
            shutil.rmtree(self.where.sockets, ignore_errors=True)


@contextmanager
def attached(*, queue: bool = True, say: Say = say) -> Iterator[Attachment | None]:
    """Hold the embedded servers that the environment does not replace by given ones."""
    database, queue = needs_postgres(), queue and needs_valkey()
    if not database and not queue:
        yield None
        return
    attachment = Attachment(place(), database=database, queue=queue, say=say)
    exit_on(signal.SIGTERM, signal.SIGHUP)
    attachment.enter()
    try:
        yield attachment
    finally:
        attachment.leave()
