"""An event: one activity by the API makes a lead qualify. How long is it until its hand-off is there to be read?

Measured from the end of the request and from its beginning, with the product running: one at a time with a second
between, and ten a second, whether the one before is through or not. Another connection looks every five milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic, sleep

from django.db import connection
from django.urls import reverse
from django.utils.timezone import now

from bench.agreed import Agreed, agreed
from bench.ingest import ACTIVITIES, SYSTEM, Sender
from bench.report import keep
from bench.running.product import Product, running

LOOK_EVERY = 0.005
PATIENCE = 60.0
WARM_UP = 3


@dataclass(frozen=True)
class Pace:
    """How many events, how many a second, how many connections send them, and the p95 that we aim at."""

    name: str
    events: int
    a_second: float
    senders: int
    aim: float


PACES = (Pace("idle", 40, 1, 1, 0.25), Pace("at 10 a second", 200, 10, 8, 0.4))


@dataclass
class Moments:
    """When each lead's request began and ended, and when its hand-off was seen."""

    begun: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)

    def since(self, start: dict[int, float]) -> list[float]:
        """The seconds from there to the hand-off, the shortest first. Seen before the answer came is at once."""
        return sorted(max(0.0, self.seen[lead] - start[lead]) for lead in self.seen)


def run(leads: int) -> None:
    with agreed(leads) as company, running() as product:
        left = _leads()
        # Of a few leads not all are sent in one go.
        paces = [(pace, min(pace.events, max(1, company.leads // 20))) for pace in PACES]
        warm = _measure(product, company, left, Pace("warm", WARM_UP, 1, 1, 1), WARM_UP)
        if len(warm.seen) < WARM_UP:
            raise AssertionError(f"The product did not offer the first leads within {PATIENCE:.0f} s.")
        for pace, events in paces:
            _print(pace, _measure(product, company, left, pace, events), leads)


def _print(pace: Pace, moments: Moments, leads: int) -> None:
    waited = moments.since(moments.ended)
    p95 = round(_percentile(waited, 95), 3)
    facts = {
        "leads": leads,
        "pace": pace.name,
        "events": len(moments.begun),
        "lost": len(moments.begun) - len(waited),
        "p50": round(_percentile(waited, 50), 3),
        "p95": p95,
        "p50_from_begin": round(_percentile(moments.since(moments.begun), 50), 3),
        "p95_from_begin": round(_percentile(moments.since(moments.begun), 95), 3),
        "aim": pace.aim,
    }
    verdict = "reached" if p95 <= pace.aim and not facts["lost"] else "missed"
    print(f"Event to hand-off, {pace.name}: {facts['events']} events, {facts['lost']} without a hand-off")
    print(f"  from the end of the request   p50 {facts['p50']:.3f} s  p95 {p95:.3f} s", end="")
    print(f"; the aim is at most {pace.aim:.3f}: {verdict}")
    print(f"  from its beginning            p50 {facts['p50_from_begin']:.3f} s  p95 {facts['p95_from_begin']:.3f} s")
    keep("event", facts)


def _percentile(ordered: list[float], percent: int) -> float:
    """The nearest rank; nothing was seen: no time is enough."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else float("inf")


def _leads() -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lead_id FROM bench_flowing ORDER BY lead_id")
        return iter([lead for (lead,) in cursor.fetchall()])


def _measure(product: Product, company: Agreed, left: Iterator[int], pace: Pace, events: int) -> Moments:
    """Send so many events at that pace, and wait until the hand-offs of all were seen."""
    moments, sender = Moments(), Sender(0)

    def send(lead: int) -> None:
        moments.begun[lead] = monotonic()
        _post(product, sender.secret, lead)
        moments.ended[lead] = monotonic()

    with _looking(company, moments), ThreadPoolExecutor(pace.senders) as senders:
        start = monotonic()
        sent = []
        for nth in range(events):
            sleep(max(0.0, start + nth / pace.a_second - monotonic()))
            sent.append(senders.submit(send, next(left)))
        for each in sent:
            each.result()
        end = monotonic() + PATIENCE
        while len(moments.seen) < events and monotonic() < end:
            sleep(0.01)
    return moments


def _post(product: Product, secret: str, lead: int) -> None:
    activity = {"lead": {"id": lead}, "kind": "demo_request", "occurred_at": now().isoformat()}
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    body = json.dumps([activity | {"system": SYSTEM, "message_id": f"event-{lead}"}])
    with closing(product.connect()) as line:
        line.request("POST", reverse(ACTIVITIES), body, headers)
        answer = line.getresponse()
        text = answer.read()
    if answer.status != 200 or json.loads(text)["created"] != 1:
        raise AssertionError(f"The activity was answered with {answer.status}: {text[:500]!r}")


@contextmanager
def _looking(company: Agreed, moments: Moments) -> Iterator[None]:
    """A connection of its own that looks for the hand-offs of those who wait, until the end of the block."""
    over = Event()

    def look() -> None:
        try:
            while not over.wait(LOOK_EVERY):
                if waiting := [lead for lead in list(moments.begun) if lead not in moments.seen]:
                    for lead in _offered(company, waiting):
                        moments.seen[lead] = monotonic()
        finally:
            connection.close()

    thread = Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _offered(company: Agreed, leads: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id FROM sla_handoff WHERE lead_id = ANY (%s) AND hop_id = %s", [leads, company.hop.pk]
        )
        return [lead for (lead,) in cursor.fetchall()]
