"""Scores: rebuild them all, or those of the leads that changed.

Both ways do the same work on their own table: read every activity, let its points fade by age, and write one score a
lead. The floor is the least SQL for that: one covering index read in its order, float arithmetic, one update by merge
join into a narrow table with half-empty pages. The product does more: fit rules, caps per kind, whole millionths,
quadrants, an override that stays. Where the product works in two connections, so does the floor, by ranges of leads.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zlib import crc32

from django.db import connection, transaction
from django.db.models import Max

from bench.database import vacuum
from bench.generation import UNTIL
from bench.pairs import Benchmark
from leads.models import ActivityKind, Lead
from scoring.models import FitRule, InterestRule, Score, ScoreModel
from scoring.rescoring import MANY_RANGES, THREADS, all_ranges, rescore

# Kind: points, at most, half-life in days.
INTEREST: dict[str, tuple[float, float | None, float | None]] = {
    "page_view": (0.5, 10, 7),
    "email_open": (0.5, 5, 14),
    "email_click": (2, 10, 14),
    "pricing_page_view": (8, 24, 14),
    "content_download": (6, 18, 30),
    "social_follow": (2, 2, None),
    "form_submission": (10, 20, 30),
    "webinar_registered": (6, 12, 30),
    "webinar_attended": (12, 24, 45),
    "newsletter_signup": (4, 4, 90),
    "call": (8, 16, 30),
    "demo_request": (40, 40, 60),
}
FIT = [
    ({"field": "company.employees", "op": ">=", "value": 1000}, 30),
    ({"field": "company.employees", "op": "between", "value": [100, 999]}, 15),
    ({"field": "company.industry", "op": "in", "value": ["Manufacturing", "Logistics"]}, 15),
    ({"field": "seniority", "op": "in", "value": ["Executive", "Director"]}, 25),
    ({"field": "seniority", "op": "=", "value": "Manager"}, 15),
    ({"field": "department", "op": "=", "value": "Information systems"}, 15),
    ({"field": "country", "op": "=", "value": "JP"}, 15),
    ({"field": "source", "op": "=", "value": "Social"}, -10),
]


# What the rules are, in short: a model is known by it.
RULES = f"bench {crc32(repr((INTEREST, FIT)).encode()):08x}"
# Leads of an increment: what an hour of e-mail clicks changes.
CHANGED = 10_000

FLOOR_TABLES = """
DROP TABLE IF EXISTS bench_floor, bench_changed;
CREATE TABLE bench_floor (lead_id bigint PRIMARY KEY, interest float8 NOT NULL, scored_at timestamptz NOT NULL)
    WITH (fillfactor = 50);
INSERT INTO bench_floor SELECT id, 0, '-infinity' FROM leads_lead ORDER BY id;
CREATE TABLE bench_changed (lead_id bigint PRIMARY KEY);
INSERT INTO bench_changed SELECT id FROM leads_lead ORDER BY hashint8(id) LIMIT {changed};
"""
FLOOR = """
UPDATE bench_floor s SET interest = new.interest, scored_at = %(at)s
FROM (
    SELECT lead_id, least(100, sum({points})) AS interest
    FROM leads_activity WHERE occurred_at <= %(at)s {of} GROUP BY lead_id
) new
WHERE s.lead_id = new.lead_id {only}
"""
FADED = "{points}::float8 * exp({rate}::float8 * date_part('epoch', %(at)s - occurred_at))"
# For everybody: the index in its order, grouped as it comes, joined in step. The planner does not see that it pays.
IN_STEP = "".join(f"SET LOCAL enable_{way} = off;" for way in ("hashagg", "hashjoin", "seqscan", "sort"))


def benchmark(name: str, *, leads: int, activities: int) -> Benchmark:
    """Everything anew, or (`increment`) the leads that changed."""
    _prepare(changed := min(CHANGED, leads))
    if name == "rescore":
        what = f"Rescore {leads:,} leads with {activities:,} activities"
        return Benchmark(name, what, _rescore_all, _floor_of_all, aim=1.5, unit="leads", prepare=_sweep, check=_check)
    what = f"Rescore {changed:,} changed leads of {leads:,}"
    ways = _rescore_changed, _floor_of_changed
    return Benchmark(name, what, *ways, aim=2.0, unit="leads", prepare=_sweep)


def moment(run: int) -> datetime:
    """Each run is another day: everything that fades has faded, so every score is written anew."""
    return UNTIL + timedelta(days=run)


def _rescore_all(run: int) -> int:
    return rescore(at=moment(run))


def _rescore_changed(run: int) -> int:
    return rescore(_changed(), at=moment(run))


def _floor_of_all(run: int) -> int:
    ranges = len(list(all_ranges()))
    if ranges < MANY_RANGES:
        return _floor(IN_STEP, "", run)
    last = Lead.objects.aggregate(last=Max("pk"))["last"]
    ends = [last * nth // THREADS for nth in range(THREADS + 1)]

    def work(nth: int) -> int:
        try:
            within = f"lead_id > {ends[nth]} AND {{}}lead_id <= {ends[nth + 1]}"
            return _floor(IN_STEP, f"AND {within.format('')}", run, only=f"AND s.{within.format('s.')}")
        finally:
            connection.close()  # This thread's own.

    with ThreadPoolExecutor(THREADS) as hands:
        return sum(hands.map(work, range(THREADS)))


def _floor_of_changed(run: int) -> int:
    return _floor("", "AND lead_id IN (SELECT lead_id FROM bench_changed)", run)


def _floor(plan: str, of: str, run: int, only: str = "") -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        if plan:
            cursor.execute(plan)
        cursor.execute(FLOOR.format(points=points_sql(), of=of, only=only), {"at": moment(run)})
        return int(cursor.rowcount)


def points_sql() -> str:
    ids = dict(ActivityKind.objects.values_list("key", "pk"))
    cases = []
    for key, (points, _, half_life) in INTEREST.items():
        rate = -0.6931471805599453 / (half_life * 86_400) if half_life else 0
        cases.append(f"WHEN {ids[key]} THEN " + FADED.format(points=points, rate=f"'{rate!r}'"))
    return f"CASE kind_id {' '.join(cases)} END"


def _changed() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT lead_id FROM bench_changed ORDER BY lead_id")
        return [lead for (lead,) in cursor.fetchall()]


def _sweep(run: int) -> None:
    """What the run before left behind is not this one's to pay for."""
    vacuum("bench_floor", Score._meta.db_table)


def _check(run: int) -> None:
    """The product's work was done: every lead has a score of that day."""
    scored = Score.objects.filter(scored_on__gte=moment(run).date() - timedelta(days=1)).count()
    if scored != Lead.objects.count():
        raise AssertionError(f"Only {scored:,} leads were scored.")


def _prepare(changed: int) -> None:
    """Publish the score model, and make the floor's tables."""
    publish_rules()
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLES.format(changed=changed))
    vacuum("bench_floor", "bench_changed", analyze=True)


def publish_rules() -> None:
    """Publish a score model with rules for all twelve kinds, once."""
    if not ScoreModel.objects.filter(note=RULES).exists():
        with transaction.atomic():
            _publish_model()


def _publish_model() -> None:
    # The latest holds: one with other rules, from an earlier run, is replaced.
    number = ScoreModel.objects.count() + 1
    model = ScoreModel.objects.create(number=number, note=RULES)
    for position, (criteria, fit) in enumerate(FIT):
        FitRule.objects.create(model=model, position=position, criteria=criteria, points=fit)
    kinds = ActivityKind.objects.in_bulk(field_name="key")
    for key, (points, cap, half_life) in INTEREST.items():
        InterestRule.objects.create(model=model, kind=kinds[key], points=points, cap=cap, half_life_days=half_life)
    begins = UNTIL - timedelta(days=400 - number)
    model.freeze(at=begins)
    model.put_in_force(from_at=begins)
