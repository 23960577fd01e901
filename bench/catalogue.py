"""Which benchmarks each name stands for."""

from __future__ import annotations

from collections.abc import Callable, Generator

from bench import flows, imports, ingest, morning, offers, pages, scores, timers
from bench.pairs import Benchmark
from bench.running import events, memory

# Measured in seconds, or bytes, and printed by themselves: no floor does the same.
ALONE: dict[str, Callable[[int], None]] = {"morning": morning.run, "event": events.run, "memory": memory.run}


def benchmarks(name: str, *, leads: int, activities: int) -> Generator[Benchmark, None, None]:
    """Each is prepared when its turn comes; close it to put back what the others do not expect."""
    if name in ALONE:
        ALONE[name](leads)
    elif name in ("rescore", "increment"):
        yield scores.benchmark(name, leads=leads, activities=activities)
    elif name in ("breach", "sweep", "inbox"):
        yield timers.benchmark(name, leads=leads)
    elif name in ("page", "weekly", "lists"):
        yield from pages.benchmarks(name, leads=leads)
    elif name == "flow":
        yield from flows.benchmarks(leads=leads)
    elif name == "import":
        yield from imports.benchmarks(leads=leads)
    elif name == "ingest":
        yield from ingest.benchmarks(leads=leads)
    elif name == "offer":
        yield offers.benchmark(leads=leads)
