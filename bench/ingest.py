"""Ingest: what leads did, sent by the API in batches of a hundred.

The product checks each activity, finds its lead, knows messages that it took before, and marks the leads for the flow.
The floor is a view that hands the body, as it comes, to one statement: types are all that it checks, and a message that
is known is left out by its index. Both are asked through the same client, in this process, and both are sent one batch
of twenty again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path, reverse

from bench.database import vacuum
from bench.generation import KINDS, UNTIL
from bench.pairs import Benchmark
from leads.models import Activity
from teams.models import Role, Scope, Token, User

BATCHES, BATCH = 20, 100
SYSTEM = "bench"
SENDER = "bench-sender@bench.example"
ACTIVITIES = "api-activities"
FLOOR_TABLE = """
DROP TABLE IF EXISTS bench_event;
CREATE TABLE bench_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id bigint NOT NULL, kind_id smallint NOT NULL,
    occurred_at timestamptz NOT NULL, properties jsonb NOT NULL, system text NOT NULL, message_id text NOT NULL
);
CREATE INDEX ON bench_event (lead_id, occurred_at) INCLUDE (kind_id);
CREATE INDEX ON bench_event (kind_id, occurred_at);
CREATE UNIQUE INDEX ON bench_event (system, message_id);
"""
FLOOR = """
INSERT INTO bench_event (lead_id, kind_id, occurred_at, properties, system, message_id)
SELECT (sent.lead ->> 'id')::bigint, kind.id, sent.occurred_at, sent.properties, sent.system, sent.message_id
FROM jsonb_to_recordset(%s) AS sent
    (lead jsonb, kind text, occurred_at timestamptz, properties jsonb, system text, message_id text)
JOIN leads_activitykind kind ON kind.key = sent.kind
ON CONFLICT DO NOTHING
"""
AGAIN = f"""
DELETE FROM leads_activityidentity WHERE system = '{SYSTEM}';
DELETE FROM leads_activity WHERE system = '{SYSTEM}';
DELETE FROM leads_stalelead;
TRUNCATE bench_event;
"""


def floor_view(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(FLOOR, [request.body.decode()])
        return HttpResponse(json.dumps({"created": cursor.rowcount}))


urlpatterns = [path("floor/", floor_view)]


def benchmarks(*, leads: int) -> Iterator[Benchmark]:
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLE)
    sender = Sender(leads)
    what = f"Take {BATCHES} batches of {BATCH} activities by the API, the last of them for the second time"
    ways = sender.product, sender.floor
    try:
        yield Benchmark("ingest", what, *ways, aim=2.0, unit="events", prepare=sender.write, check=sender.check)
    finally:
        forget()


def forget() -> None:
    """Take back what was sent, with the marks of its leads."""
    with connection.cursor() as cursor:
        cursor.execute(AGAIN)
    vacuum("leads_activityidentity", "leads_activity", "leads_stalelead")


def token_of(person: User) -> str:
    """The secret of a new token that reads and writes."""
    Token.objects.filter(user=person).delete()
    return Token.objects.issue(person, name="Bench", scopes=list(Scope))[1]


class Sender:
    """A program that sends what leads did; what both ways take is written before the clock starts."""

    def __init__(self, leads: int) -> None:
        person = User.objects.filter(email=SENDER).first()
        person = person or User.objects.create_user(SENDER, roles=[Role.MANAGER.value])
        self.leads, self.secret = leads, token_of(person)
        self.bodies: list[str] = []

    def write(self, run: int) -> None:
        forget()
        batches = [_batch(run * BATCHES + nth, self.leads) for nth in range(BATCHES - 1)]
        self.bodies = [json.dumps(batch) for batch in (*batches, batches[0])]

    def product(self, run: int) -> int:
        return self._send(reverse(ACTIVITIES))

    def floor(self, run: int) -> int:
        with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
            return self._send("/floor/")

    def _send(self, address: str) -> int:
        client = Client(headers={"host": "localhost", "authorization": f"Bearer {self.secret}"})
        for body in self.bodies:
            answer = client.post(address, body, content_type="application/json")
            if answer.status_code != 200:
                raise AssertionError(f"{address} answered {answer.status_code}: {answer.content[:500]!r}")
        return len(self.bodies) * BATCH

    def check(self, run: int) -> None:
        """The product kept each once."""
        kept = Activity.objects.filter(system=SYSTEM, identity__isnull=False).count()
        if kept != (BATCHES - 1) * BATCH:
            raise AssertionError(f"{kept:,} activities were kept.")


def _batch(nth: int, leads: int) -> list[dict[str, Any]]:
    kinds = list(KINDS)
    return [
        {
            "lead": {"id": 1 + (nth * BATCH + place) * 7919 % leads},
            "kind": kinds[place % len(kinds)],
            "occurred_at": _moment(nth, place).isoformat(),
            "system": SYSTEM,
            "message_id": f"{nth}-{place}",
            "properties": {"url": f"/pricing/{place}"},
        }
        for place in range(BATCH)
    ]


def _moment(nth: int, place: int) -> datetime:
    return UNTIL + timedelta(seconds=nth * BATCH + place)
