"""Locks between processes, on files. The kernel releases them however a process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smarketing.env import Refused


class Lock:
    """One process's hold on one lock file. Not inherited by programs that it starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def share(self) -> None:
        """Hold it together with others; waits while somebody holds it alone."""
        fcntl.flock(self._open(), fcntl.LOCK_SH)

    def take_if_free(self) -> bool:
        """Hold it alone, if nobody else holds it."""
        try:
            fcntl.flock(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        fcntl.flock(self._open(), fcntl.LOCK_EX)
        try:
            yield
        finally:
            self.release()

    def _open(self) -> int:
        if self._fd is None:
            try:
                self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as problem:
                raise Refused(f"cannot open {self.path}: {problem.strerror}. Who made it should run this, or root.")
        return self._fd
