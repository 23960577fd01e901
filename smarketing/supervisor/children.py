"""The programs that the supervisor keeps running."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from smarketing.embedded.place import BASE_DIR
from smarketing.saying import say


def ignore_nothing_and_follow_the_parent() -> None:
    """Run in the child before its program: take signals as usual, and get SIGTERM when the supervisor dies hard."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@dataclass
class Child:
    """One program that the supervisor keeps running, in a session of its own so that Ctrl-C reaches only us."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    # As whom it runs; None: as we do.
    account: pwd.struct_passwd | None = None
    keep: bool = True
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    start_again_at: float = field(default=0.0)

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=BASE_DIR,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=None if self.account is None else self.account.pw_uid,
            group=None if self.account is None else self.account.pw_gid,
            extra_groups=None if self.account is None else [],
            preexec_fn=ignore_nothing_and_follow_the_parent,
        )
        self.started_at = time.monotonic()

    def look_after(self) -> None:
        """Start it again when it has ended by itself: at once, and less and less eagerly when it keeps ending."""
        if self.process is None:
            if self.keep and time.monotonic() >= self.start_again_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self._end_what_it_left()
        if not self.keep:
            if code:
                say(f"{self.name} ended with {code}.")
            return
        self.failures = 0 if time.monotonic() - self.started_at > 60 else self.failures + 1
        wait = min(2**self.failures - 1, 30)
        self.start_again_at = time.monotonic() + wait
        say(f"{self.name} ended with {code}; starting it again in {wait} s.")

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self._end_what_it_left()

    def _end_what_it_left(self) -> None:
        """Kill its session: processes of one that was killed hard would go on, and hold its port."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def session_of(leader: int, born: float) -> list[psutil.Process]:
    """The processes of the session that this leader opened; none when the number now belongs to another."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if process.create_time() < born - 1 or os.getsid(process.pid) != leader:
                continue
            if process.pid == leader and abs(process.create_time() - born) > 1:
                return []
            found.append(process)
    return found
