"""What a run used of the machine, what it left to others, and how much memory it took at most."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")


def postmaster() -> int | None:
    """The process of the database server, when it runs on this machine and we may look at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    name = Path(f"/proc/{backend}/comm")
    if not name.exists() or "postgres" not in name.read_text():
        return None
    return _stat(backend)[1]


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if _stat(int(entry.name))[1] == parent:
                    found.append(int(entry.name))
            except OSError:
                continue  # It ended while we looked.
    return found


def _stat(pid: int) -> tuple[float, int]:
    """Seconds of processor time, also of children that ended; the parent's process id."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS, int(fields[1])


@dataclass
class Load:
    """Processor seconds at one moment: of the whole machine, and of us with our database server."""

    everyone: float
    ours: float

    @classmethod
    def now(cls, server: int | None) -> Load:
        user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
        everyone = (user + nice + system + irq + softirq + steal) / TICKS
        return cls(everyone, sum(_seconds(pid) for pid in _ours(server)))

    def others_since(self, before: Load, seconds: float) -> float:
        """The share of all processors that others used."""
        used = (self.everyone - before.everyone) - (self.ours - before.ours)
        return max(0.0, used / (seconds * (os.cpu_count() or 1)))


def _ours(server: int | None) -> list[int]:
    return [os.getpid(), *([server, *children(server)] if server else [])]


def _seconds(pid: int) -> float:
    try:
        return _stat(pid)[0]
    except OSError:
        return 0.0


class PeakMemory:
    """Watch the memory (PSS: shared pages count once) of this process and of the database server while something runs.

    Looking costs a little, so the runs that are timed are not watched.
    """

    def __init__(self, server: int | None, every: float = 0.02) -> None:
        self.server = server
        self.every = every
        self.process = self.database = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._watch.join()

    def _look_on(self) -> None:
        while not self._done.wait(self.every):
            self.process = max(self.process, _memory(os.getpid()))
            if self.server:
                self.database = max(self.database, sum(map(_memory, [self.server, *children(self.server)])))


def _memory(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # It ended, or is not ours to see.
    return 0
