"""The flow: ten thousand leads have changed, each of ten asked for a demo, and is qualified and offered to a rep.

The product's way is `advance_all`: batch by batch it claims what is marked, matches personas, scores, moves who meets
the definition, offers them, and commits. The floor leaves the same rows behind by bare statements in one transaction:
scores (in a narrow table of its own, without caps and quadrants), personas, the hits of one definition, their journeys
and steps, hand-offs, clocks, notices and the outbox. `flow-scores` is the scores alone, of the same leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bench import offers
from bench.agreed import Agreed, agree
from bench.database import vacuum
from bench.generation import UNTIL
from bench.pairs import Benchmark
from bench.scores import points_sql
from funnel.models import Journey, Stage, StageRole
from leads.models import ActivityKind, PendingReevaluation
from scoring.rescoring import rescore
from sla.flow.advancing import advance_all
from sla.models import Handoff

TABLE = """
DROP TABLE IF EXISTS bench_flow;
CREATE TABLE bench_flow (lead_id bigint PRIMARY KEY, fit float8 NOT NULL, interest float8 NOT NULL,
    scored_at timestamptz NOT NULL) WITH (fillfactor = 50);
INSERT INTO bench_flow SELECT id, 0, 0, '-infinity' FROM leads_lead ORDER BY id;
"""
# A minute before its moment every lead did something, which marked it.
CHANGE = """
INSERT INTO leads_activity (lead_id, kind_id, occurred_at, properties, system, created_at)
SELECT lead_id, CASE WHEN asks THEN %(demo)s ELSE %(view)s END, %(news)s, '{}', '', %(news)s
FROM bench_flowing ORDER BY lead_id;
INSERT INTO leads_stalelead (lead_id, due_at, news_at) SELECT lead_id, %(news)s, %(news)s FROM bench_flowing;
"""
CLAIM = [
    "CREATE TEMP TABLE claimed (lead_id bigint PRIMARY KEY, news_at timestamptz)",
    """
    WITH due AS (DELETE FROM leads_stalelead WHERE due_at <= %(at)s RETURNING lead_id, news_at)
    INSERT INTO claimed SELECT lead_id, max(news_at) FROM due GROUP BY lead_id
    """,
    "ANALYZE claimed",
]
FORGET = "DROP TABLE claimed"
# By the same rules as `bench.scores.FIT`.
FIT = """
CASE WHEN company.employees >= 1000 THEN 30 WHEN company.employees BETWEEN 100 AND 999 THEN 15 ELSE 0 END
+ CASE WHEN company.industry IN ('Manufacturing', 'Logistics') THEN 15 ELSE 0 END
+ CASE WHEN lead.seniority IN ('Executive', 'Director') THEN 25 WHEN lead.seniority = 'Manager' THEN 15 ELSE 0 END
+ CASE WHEN lead.department = 'Information systems' THEN 15 ELSE 0 END
+ CASE WHEN lead.country = 'JP' THEN 15 ELSE 0 END - CASE WHEN lead.source = 'Social' THEN 10 ELSE 0 END
"""
SCORE = f"""
UPDATE bench_flow score SET fit = new.fit, interest = new.interest, scored_at = %(at)s
FROM (
    SELECT lead.id, greatest(0, least(100, {FIT})) AS fit, least(100, coalesce(did.points, 0)) AS interest
    FROM claimed JOIN leads_lead lead ON lead.id = claimed.lead_id
    LEFT JOIN leads_company company ON company.id = lead.company_id
    LEFT JOIN (
        SELECT lead_id, sum({{points}}) AS points FROM leads_activity
        WHERE occurred_at <= %(at)s AND lead_id IN (SELECT lead_id FROM claimed) GROUP BY lead_id
    ) did ON did.lead_id = lead.id
) new
WHERE score.lead_id = new.id
"""
# By the same criteria as `bench.agreed.PERSONAS`.
MATCH = """
WITH found AS MATERIALIZED (
    SELECT lead.id, CASE WHEN seniority IN ('Executive', 'Director') THEN {personas[0]}
        WHEN department = 'Information systems' THEN {personas[1]} WHEN department = 'Purchasing' THEN {personas[2]}
        END AS persona
    FROM claimed JOIN leads_lead lead ON lead.id = claimed.lead_id
), changed AS (
    UPDATE leads_personamatch match SET persona_id = persona, machine_id = persona, matched_at = %(at)s
    FROM found WHERE match.lead_id = found.id AND match.machine_id IS DISTINCT FROM persona
)
INSERT INTO leads_personamatch (lead_id, persona_id, machine_id, matched_at, override_reason)
SELECT id, persona, persona, %(at)s, '' FROM found
WHERE persona IS NOT NULL AND NOT EXISTS (SELECT FROM leads_personamatch match WHERE match.lead_id = found.id)
"""
# By the same criteria as `bench.agreed.DEFINITION`.
MOVE = """
WITH hits AS (
    SELECT lead_id FROM claimed JOIN bench_flow score USING (lead_id) JOIN funnel_journey journey USING (lead_id)
    WHERE score.interest >= 30 AND journey.stage_id = {first} AND journey.closed_at IS NULL AND EXISTS (
        SELECT FROM leads_activity activity WHERE activity.lead_id = claimed.lead_id AND kind_id = {demo}
        AND occurred_at BETWEEN %(at)s - interval '7 days' AND %(at)s)
), stood AS (
    UPDATE funnel_journey journey SET news_at = claimed.news_at,
        stage_id = CASE WHEN hits.lead_id IS NULL THEN journey.stage_id ELSE {mql} END,
        entered_at = CASE WHEN hits.lead_id IS NULL THEN journey.entered_at ELSE %(at)s END
    FROM claimed LEFT JOIN hits USING (lead_id) WHERE journey.lead_id = claimed.lead_id
    RETURNING hits.lead_id
), steps AS (
    INSERT INTO funnel_transition (lead_id, from_stage_id, to_stage_id, at, recorded_at, how, definition_id, because)
    SELECT lead_id, {first}, {mql}, %(at)s, %(at)s, 'machine', {definition}, '' FROM stood WHERE lead_id IS NOT NULL
    RETURNING id, lead_id
), told AS (
    INSERT INTO history_outbox (kind, payload, at)
    SELECT 'journey.moved', jsonb_build_object('transition', id, 'lead', lead_id, 'from', {first}, 'to', {mql}), %(at)s
    FROM steps
)
SELECT array_agg(id) FROM steps
"""


def benchmarks(*, leads: int) -> Iterator[Benchmark]:
    flow = Flow(agree(leads))
    try:
        yield flow.benchmark()
        yield flow.scores()
    finally:
        flow.agreed.end()


def moment(run: int) -> datetime:
    """Each run is another day, noon in Tokyo: every score is written anew."""
    return UNTIL + timedelta(days=30 + run, hours=3)


class Flow:
    def __init__(self, agreed: Agreed) -> None:
        self.agreed, self.count = agreed, agreed.leads
        kinds = dict(ActivityKind.objects.values_list("key", "pk"))
        self.words: dict[str, Any] = {
            "first": Stage.objects.role(StageRole.LEAD).pk,
            "mql": Stage.objects.role(StageRole.MQL).pk,
            "demo": kinds["demo_request"],
            "view": kinds["page_view"],
            "definition": agreed.definition.pk,
            "personas": [version.persona_id for version in agreed.personas],
            "hop": agreed.hop.pk,
            "policy": agreed.hop.agreement.policies.get().pk,
            "reps": agreed.reps,
            "many": len(agreed.reps),
        }
        with connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.execute("SELECT array_agg(lead_id), count(*) FILTER (WHERE asks) FROM bench_flowing")
            self.ids, self.asking = cursor.fetchone()
        vacuum("bench_flow", analyze=True)

    def benchmark(self) -> Benchmark:
        what = f"Take {self.count:,} changed leads through the flow: scores, personas, {self.asking:,} qualify, offers"
        ways = self._product, self._floor
        return Benchmark("flow", what, *ways, aim=2.0, unit="leads", prepare=self._change, check=self._check)

    def scores(self) -> Benchmark:
        what = f"The same leads, their scores alone ({self.count:,})"
        ways = self._rescore, self._floor_of_scores
        return Benchmark("flow-scores", what, *ways, aim=2.0, unit="leads", prepare=self._change)

    def _change(self, run: int) -> None:
        self.agreed.clear()
        news = moment(run) - timedelta(minutes=1)
        with connection.cursor() as cursor:
            cursor.execute(CHANGE, {"demo": self.words["demo"], "view": self.words["view"], "news": news})
        vacuum("leads_activity", "leads_stalelead", "bench_flow", analyze=True)

    def _product(self, run: int) -> int:
        return advance_all(at=moment(run))

    def _rescore(self, run: int) -> int:
        return rescore(self.ids, at=moment(run))

    def _floor(self, run: int) -> int:
        at = {"at": moment(run)}
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (*CLAIM, SCORE.format(points=points_sql()), MATCH.format(**self.words)):
                cursor.execute(statement, at)
            cursor.execute(MOVE.format(**self.words), at)
            (steps,) = cursor.fetchone()
            for statement in offers.FLOOR:
                cursor.execute(statement.format(**self.words), at | {"steps": steps})
            cursor.execute(FORGET)
        return self.count

    def _floor_of_scores(self, run: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in (*CLAIM, SCORE.format(points=points_sql())):
                cursor.execute(statement, {"at": moment(run)})
            scored = int(cursor.rowcount)
            cursor.execute(FORGET)
        return scored

    def _check(self, run: int) -> None:
        """Who asked for a demo stands at MQL and was offered, and nobody is left."""
        moved = Journey.objects.filter(stage=self.words["mql"], entered_at=moment(run)).count()
        offered = Handoff.objects.filter(hop=self.agreed.hop, offered_at=moment(run)).count()
        left = PendingReevaluation.objects.filter(due_at__lte=moment(run)).count()
        if (moved, offered, left) != (self.asking, self.asking, 0):
            raise AssertionError(f"{moved:,} moved and {offered:,} were offered of {self.asking:,}; {left:,} are left.")
