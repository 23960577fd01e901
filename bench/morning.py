"""The morning: everybody is evaluated as of the day's beginning, range by range, while others go on working.

Not a race with a floor: what counts is for how long a range holds what others wait for. A second connection accepts
hand-offs, or locks a lead where none is open, again and again, and is timed while the morning runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from threading import Event, Thread
from time import monotonic, sleep

from django.db import connection, transaction

from bench.report import say
from bench.scores import publish_rules
from sla.flow import advancing
from sla.flow.models import BegunDay
from smarketing.database.locks import Lock

BEGINS = datetime(2026, 11, 16, 15, 0, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# What a rep does to a lead who answers, and whoever offers leads does before: the locks that an evaluation holds.
HOLD_LEAD = """
SELECT lead.id FROM leads_lead lead JOIN scoring_score score ON score.lead_id = lead.id
WHERE lead.id = %s FOR NO KEY UPDATE
"""


@dataclass
class Longest:
    """How long transactions of the morning lasted, and how long somebody else waited."""

    held: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    @contextmanager
    def step(self) -> Iterator[None]:
        begun = monotonic()
        with transaction.atomic():
            yield
        self.held.append(monotonic() - begun)


def run(leads: int) -> None:
    """Let two mornings pass, the second of which is measured, and print what was held for how long."""
    publish_rules()
    for nth in (0, 1):
        BegunDay.objects.all().delete()
        found = Longest()
        begun = monotonic()
        with _somebody_else(leads, found):
            advancing.begin_day(at=BEGINS + nth * DAY, step=found.step)
    say(json.dumps(_facts(found, leads, monotonic() - begun)))


def _facts(found: Longest, leads: int, seconds: float) -> dict[str, float]:
    waited = sorted(found.waited)
    return {
        "leads": leads,
        "seconds": round(seconds, 2),
        "steps": len(found.held),
        "longest_step": round(max(found.held), 3),
        "median_step": round(median(found.held), 3),
        "longest_wait": round(waited[-1], 3) if waited else 0,
        "p95_wait": round(waited[int(len(waited) * 0.95)], 3) if waited else 0,
        "asked": len(waited),
    }


@contextmanager
def _somebody_else(leads: int, found: Longest) -> Iterator[None]:
    """Another connection that holds one lead after the other, and now and then the lock of assignments."""
    over = Event()

    def work() -> None:
        lead = 0
        try:
            while not over.is_set():
                lead = (lead + 7919) % leads
                found.waited.append(_timed(lambda lead=lead: _hold(lead + 1)))  # type: ignore[misc]
                sleep(0.005)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _timed(work: Callable[[], None]) -> float:
    begun = monotonic()
    work()
    return monotonic() - begun


def _hold(lead: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if lead % 10 == 0:
            Lock.OFFERING.acquire()
        cursor.execute(HOLD_LEAD, [lead])
