"""What a run used of the machine, what it left to others, and how much memory and how many processes it took at most.

Processor time is that of this process and all that it started, and of the database server with its backends. Those that
ended meanwhile are counted by whoever started them.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from types import TracebackType

from django.db import connection

from bench.database import NAME

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
    return [pid for pid, of in _parents().items() if of == parent]


def family(*eldest: int) -> set[int]:
    """These processes and all that descend from them."""
    parents = _parents()
    found, young = set[int](), set(eldest)
    while young:
        found |= young
        young = {pid for pid, of in parents.items() if of in young} - found
    return found


def _parents() -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # It ended while we looked.
                found[int(entry.name)] = _stat(int(entry.name))[1]
    return found


def _stat(pid: int) -> tuple[float, int]:
    """Seconds of processor time, also of children that ended; the parent's process id."""
    name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    fields = rest.split()
    own, ended = sum(map(int, fields[11:13])) / TICKS, sum(map(int, fields[13:15])) / TICKS
    if "(postgres" in name:
        own = _exact(pid) or own
    return own + ended, int(fields[1])


def _exact(pid: int) -> float:
    """What a process of one thread used itself: ticks are hundredths of a second, longer than many a statement. 0 where
    the kernel does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


@dataclass
class Load:
    """Processor seconds at one moment: of the whole machine, of this process before and after it looked, and of what it
    started with the database server."""

    everyone: float
    own: float
    helpers: float
    own_after: float

    @classmethod
    def now(cls, server: int | None) -> Load:
        own = process_time()
        user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
        everyone = (user + nice + system + irq + softirq + steal) / TICKS
        helpers = family(os.getpid(), *([server] if server else [])) - {os.getpid()}
        return cls(everyone, own, sum(map(_seconds, helpers)) + _of_ended_children(), process_time())

    def since(self, before: Load) -> float:
        """The processor seconds that we used; to look is not counted."""
        return max(0.0, self.own - before.own_after + self.helpers - before.helpers)

    def others_since(self, before: Load, seconds: float) -> float:
        """The share of all processors that others used."""
        ours = self.own - before.own + self.helpers - before.helpers
        used = (self.everyone - before.everyone) - ours
        return min(1.0, max(0.0, used / (seconds * (os.cpu_count() or 1))))


def _of_ended_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _seconds(pid: int) -> float:
    try:
        return _stat(pid)[0]
    except OSError:
        return 0.0


class Peak:
    """Watch this process and the database server while something runs: the most memory that each took (PSS: shared
    pages count once), and how many processes of the server worked at once.

    Looking costs a little, so the runs that are timed are not watched.
    """

    def __init__(self, server: int | None, every: float = 0.02) -> None:
        self.server = server
        self.every = every
        self.process = self.database = 0
        # One at least: what is over between two looks is not seen.
        self.workers = 1 if server else 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Peak:
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._watch.join()

    def _look_on(self) -> None:
        while not self._done.wait(self.every):
            self.process = max(self.process, memory(os.getpid()))
            if self.server:
                backends = children(self.server)
                self.database = max(self.database, sum(map(memory, [self.server, *backends])))
                self.workers = max(self.workers, sum(_works(pid) for pid in backends))


def _works(pid: int) -> bool:
    """Whether this is a backend of our database, or one that helps it, and busy: its title says so. Who sweeps up by
    itself does none of our work."""
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    is_ours = f" {NAME} " in title and " idle" not in title and "autovacuum" not in title
    return is_ours or "parallel worker" in title


def memory(pid: int) -> int:
    """The bytes of a process; what it shares with others is divided among them. 0 where nobody may look."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # It ended, or is not ours to see.
    return 0
