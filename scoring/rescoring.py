"""Compute scores, set at a time: one statement for one lead or a million.

A score is a function of the lead, the company day and the activities that have happened, so a rebuild and the
increments agree exactly. `scoring/formula.py` says the same in Python.

Of two who rescore the same lead, the later to look must be the later to write. So a lead is held before its activities
are looked at: a few leads by their score's row, a whole range of leads by one lock of the range, which the few share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from django.db import connection, transaction
from django.db.models import DateTimeField, Max, Min, QuerySet
from django.utils.timezone import now

from leads.criteria import condition_sql
from leads.models import Lead
from scoring.formula import HIGHEST, KindPoints, day_of, start_of
from scoring.models import FitRule, InterestRule, ScoreModel
from smarketing.company import company_zone
from smarketing.database.locks import acquire_ranges
from smarketing.database.statements import Given
from smarketing.database.together import Together
from smarketing.database.vocabulary import recall_rows

Sql: TypeAlias = tuple[str, list[Any]]

# Leads whose ids share these high bits are computed together, and held by one lock.
RANGE_BITS = 14
RANGE = 1 << RANGE_BITS
# So many ranges are worth a second connection, and a second core of the database's machine.
MANY_RANGES = 4
THREADS = 2

# OFFSET 0: what is named several times further out is computed once.
SCORES = """
SELECT lead_id, fit, interest, {quadrant} AS quadrant
FROM (
    SELECT who.id AS lead_id, {fit} AS fit, {interest} AS interest
    FROM ({fits}) who LEFT JOIN ({interests}) did ON did.lead_id = who.id
    OFFSET 0
) clamped
OFFSET 0
"""
CLAMPED = f"greatest(0, least({HIGHEST}, {{points}}))::integer"
FITS = """
SELECT lead.id, {points} AS fit
FROM leads_lead lead LEFT JOIN leads_company company ON company.id = lead.company_id
WHERE lead.merged_into_id IS NULL AND {who}
"""
# One sum for each kind: the index that covers this is read in the order of its leads, and nothing else.
INTERESTS = """
SELECT activity.lead_id, {points} AS points
FROM leads_activity activity
WHERE activity.occurred_at <= %s AND {who}
GROUP BY activity.lead_id
"""
OF_KIND = "coalesce(sum({faded}) FILTER (WHERE activity.kind_id = {kind}), 0)"
# date_part() is float8, as power() is; extract() would be numeric, at twice the price.
FADED = (
    "({points}::float8 * power(0.5::float8, "
    "least(1000::float8, "  # Where nothing is left of any points, long before power() calls it an underflow.
    "greatest(0::float8, {day_start!r}::float8 - date_part('epoch', activity.occurred_at)) / {half_life}::float8"
    ")))::integer"
)
WRITE = """
MERGE INTO scoring_score score USING ({scores}) computed ON score.lead_id = computed.lead_id AND {who}
WHEN MATCHED AND (score.model_id, score.scored_on, score.day_began_at, score.interest, score.fit,
    score.machine_quadrant) IS DISTINCT FROM (%s, %s, %s, computed.interest, computed.fit, computed.quadrant)
THEN UPDATE SET fit = computed.fit, interest = computed.interest, machine_quadrant = computed.quadrant,
    model_id = %s, scored_on = %s, day_began_at = %s
WHEN NOT MATCHED THEN INSERT
    (lead_id, fit, interest, machine_quadrant, model_id, scored_on, day_began_at, override, override_reason)
    VALUES (computed.lead_id, computed.fit, computed.interest, computed.quadrant, %s, %s, %s, '', '')
"""
# A row to hold, for leads that were never scored; of a day gone by, so that it is written.
MISSING = """
INSERT INTO scoring_score (lead_id, fit, interest, machine_quadrant, model_id, scored_on, override, override_reason)
SELECT lead.id, 0, 0, 'drop', %s, %s, '', ''
FROM leads_lead lead
WHERE lead.id = ANY(%s) AND lead.merged_into_id IS NULL
    AND NOT EXISTS (SELECT FROM scoring_score score WHERE score.lead_id = lead.id)
ORDER BY lead.id
ON CONFLICT DO NOTHING
"""
HOLD = "SELECT FROM scoring_score WHERE lead_id = ANY(%s) ORDER BY lead_id FOR NO KEY UPDATE"
# What is dated in the future marks its lead due again at its moment. It was marked when it came in; this is for what
# came another way, such as the activities of a lead that was merged into this one.
MARK_FUTURE = """
INSERT INTO leads_stalelead (lead_id, due_at, news_at)
SELECT next.lead_id, next.due_at, next.due_at
FROM (
    SELECT activity.lead_id, min(activity.occurred_at) AS due_at FROM leads_activity activity
    WHERE activity.occurred_at > %s AND {who} GROUP BY activity.lead_id
) next JOIN leads_lead lead ON lead.id = next.lead_id AND lead.merged_into_id IS NULL
WHERE NOT EXISTS (
    SELECT FROM leads_stalelead mark WHERE mark.due_at = next.due_at AND mark.lead_id = next.lead_id
)
"""
STALE_RANGES = """
SELECT DISTINCT lead.id >> %s FROM leads_lead lead LEFT JOIN scoring_score score ON score.lead_id = lead.id
WHERE lead.merged_into_id IS NULL
    AND (score.lead_id IS NULL OR score.scored_on <> %s OR score.model_id <> %s
        OR score.day_began_at IS DISTINCT FROM %s)
ORDER BY 1
"""


@dataclass(frozen=True)
class Some:
    """Leads named one by one."""

    ids: list[int]

    def where(self, column: str) -> Sql:
        return f"{column} = ANY(%s)", [self.ids]

    def hold(self, model: ScoreModel, day: date) -> None:
        """Keep everybody else from rescoring these leads until the transaction ends."""
        acquire_ranges((lead >> RANGE_BITS for lead in self.ids), shared=True)
        with connection.cursor() as cursor:
            cursor.execute(HOLD, [self.ids])
            if cursor.rowcount < len(self.ids):
                cursor.execute(MISSING, [model.pk, day - timedelta(days=1), self.ids])
                cursor.execute(HOLD, [self.ids])


@dataclass(frozen=True)
class Range:
    """All leads whose ids share their high bits."""

    nth: int

    def where(self, column: str) -> Sql:
        return f"{column} >= %s AND {column} < %s", [self.nth << RANGE_BITS, (self.nth + 1) << RANGE_BITS]

    def hold(self, model: ScoreModel, day: date) -> None:
        acquire_ranges([self.nth])


@dataclass(frozen=True)
class Everyone:
    def where(self, column: str) -> Sql:
        return "TRUE", []


Who = Some | Range | Everyone


def rescore(
    lead_ids: Sequence[int] | None = None,
    *,
    at: datetime | None = None,
    model: ScoreModel | None = None,
    scoring: Scoring | None = None,
) -> int:
    """Bring scores up to date as of `at`, by the model in force then, and say how many leads' rows were written.

    All leads when none are named; then each range of leads is a transaction of its own. A person's override stays.
    Without a model in force there are no scores.
    """
    at = at or now()
    scoring = scoring or (Scoring(model, at) if model else Scoring.in_force(at))
    if scoring is None:
        return 0
    if lead_ids is None:
        return write_all(scoring, list(all_ranges()))
    ids = sorted(set(lead_ids))
    if not ids:
        return 0
    scoring.mark_coming(Some(ids))
    return scoring.write(Some(ids))


def rescore_day(at: datetime | None = None) -> int:
    """Bring everyone to the company day of `at`, and say how many leads' rows were written. Safe to run twice: leads
    that were scored on that day already, by the model in force and in the company's zone, are left alone."""
    at = at or now()
    scoring = Scoring.in_force(at)
    return write_all(scoring, stale_ranges(scoring)) if scoring else 0


def write_all(scoring: Scoring, ranges: Sequence[Range]) -> int:
    """Write range by range; two at a time, unless a transaction is open around it all."""
    scoring.mark_coming(Everyone())
    if connection.in_atomic_block or len(ranges) < MANY_RANGES:
        return sum(map(scoring.write, ranges))

    def hand(some: Sequence[Range]) -> int:
        try:
            return sum(map(scoring.write, some))
        finally:
            connection.close()  # This thread's own.

    with ThreadPoolExecutor(THREADS) as hands:
        return sum(hands.map(hand, [ranges[nth::THREADS] for nth in range(THREADS)]))


def all_ranges() -> Iterator[Range]:
    ends = Lead.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is not None:
        yield from map(Range, range(ends["first"] >> RANGE_BITS, (ends["last"] >> RANGE_BITS) + 1))


def stale_ranges(scoring: Scoring) -> list[Range]:
    """Ranges in which somebody has no score of that day, in the company's zone, by that model."""
    with connection.cursor() as cursor:
        cursor.execute(STALE_RANGES, [RANGE_BITS, scoring.day, scoring.model.pk, scoring.day_start])
        return [Range(nth) for (nth,) in cursor.fetchall()]


def quadrant_sql(model: ScoreModel, fit: str, interest: str) -> str:
    """SQL of the quadrant. Thresholds compare what was computed, in millionths."""
    keen = f"{interest} >= {model.interest_from}"
    return (
        f"CASE WHEN {fit} >= {model.fit_from} THEN CASE WHEN {keen} THEN 'hot' ELSE 'nurture' END"
        f" WHEN {keen} THEN 'opportunistic' ELSE 'drop' END"
    )


class Scoring:
    """What one model makes of leads at one moment."""

    def __init__(self, model: ScoreModel, at: datetime, *, past: bool = False) -> None:
        zone = company_zone()
        self.model, self.at, self.past = model, at, past
        self.day = day_of(at, zone)
        self.day_start = start_of(self.day, zone)

    @classmethod
    def in_force(cls, at: datetime) -> Scoring | None:
        """What the model in force at that moment makes of leads; None where there was none."""
        return cls.by(*recall_rows((cls, at), MODEL_IN_FORCE, at=at), at=at)

    @classmethod
    def by(
        cls, models: list[ScoreModel], rules: list[FitRule], interest_rules: list[InterestRule], *, at: datetime
    ) -> Scoring | None:
        """What a model with these rules makes of leads; None without a model."""
        if not models:
            return None
        scoring = cls(models[0], at)
        scoring.rules, scoring.interest_rules = rules, interest_rules
        return scoring

    def write(self, who: Some | Range) -> int:
        """Write the scores that are not what is stored already, and say how many."""
        with transaction.atomic(), connection.cursor() as cursor:
            who.hold(self.model, self.day)
            # The statement after the hold is the first that sees what the one before us wrote.
            scores, params = self.scores(who)
            held, bounds = who.where("score.lead_id")
            stamp: list[Any] = [self.model.pk, self.day, self.day_start]
            cursor.execute("SET LOCAL jit = off")
            cursor.execute(WRITE.format(scores=scores, who=held), [*params, *bounds, *stamp, *stamp, *stamp])
            return int(cursor.rowcount)

    def mark_coming(self, who: Who) -> None:
        """See to it that each lead is looked at again when what is dated in the future happens."""
        where, bounds = who.where("activity.lead_id")
        with connection.cursor() as cursor:
            cursor.execute(MARK_FUTURE.format(who=where), [self.at, *bounds])

    def scores(self, who: Who) -> Sql:
        """SQL of (lead_id, fit, interest, quadrant)."""
        fits, fit_params = self.fits(who)
        interests, interest_params = self.interests(who)
        sql = SCORES.format(
            fits=fits,
            interests=interests,
            fit=CLAMPED.format(points="who.fit"),
            interest=CLAMPED.format(points="coalesce(did.points, 0)"),
            quadrant=quadrant_sql(self.model, "fit", "interest"),
        )
        return sql, [*fit_params, *interest_params]

    def fit_of(self, lead: str) -> Sql:
        """SQL of the fit of the one lead whose id that is, in millionths."""
        points, params = self.fit_points("scored_lead", "scored_company")
        sql = (
            f"(SELECT {CLAMPED.format(points=points)} FROM leads_lead scored_lead"
            " LEFT JOIN leads_company scored_company ON scored_company.id = scored_lead.company_id"
            f" WHERE scored_lead.id = {lead})"
        )
        return sql, params

    def interest_of(self, lead: str) -> Sql:
        """SQL of the interest of the one lead whose id that is, in millionths."""
        sql = (
            f"(SELECT {CLAMPED.format(points=self.interest_points())} FROM leads_activity activity"
            f" WHERE activity.lead_id = {lead} AND activity.occurred_at <= %s)"
        )
        return sql, [self.at]

    def fits(self, who: Who) -> Sql:
        where, bounds = who.where("lead.id")
        points, params = self.fit_points("lead", "company")
        return FITS.format(points=points, who=where), [*params, *bounds]

    def fit_points(self, lead: str, company: str) -> Sql:
        """SQL of the unclamped fit of one row, of those aliases."""
        conditions = self.conditions(lead, company)
        cases = [
            f"CASE WHEN {sql} THEN {rule.millionths}::bigint ELSE 0 END"
            for rule, (sql, _params) in zip(self.rules, conditions, strict=True)
        ]
        return f"({' + '.join(cases) or '0::bigint'})", [param for _sql, given in conditions for param in given]

    def conditions(self, lead: str, company: str) -> list[Sql]:
        """SQL of what each fit rule asks. Windows begin with the company day: a score belongs to it."""
        return [
            condition_sql(
                rule.criteria,
                at=self.at,
                as_of=self.at if self.past else None,
                lead=lead,
                company=company,
                windows_from=self.day_start,
            )
            for rule in self.rules
        ]

    def interests(self, who: Who) -> Sql:
        where, bounds = who.where("activity.lead_id")
        return INTERESTS.format(points=self.interest_points(), who=where), [self.at, *bounds]

    def interest_points(self) -> str:
        """SQL of the unclamped interest of one group of activities."""
        return " + ".join(self.points_of_kind(kind, rule) for kind, rule in self.kinds.items()) or "coalesce(sum(0), 0)"

    def points_of_kind(self, kind: int, rule: KindPoints) -> str:
        of_kind = self.uncapped(kind, rule)
        return of_kind if rule.cap is None else f"least({rule.cap}, {of_kind})"

    def uncapped(self, kind: int, rule: KindPoints) -> str:
        faded = f"{rule.points}"
        if rule.half_life_seconds is not None:
            faded = FADED.format(
                points=rule.points, day_start=self.day_start.timestamp(), half_life=rule.half_life_seconds
            )
        return OF_KIND.format(faded=faded, kind=kind)

    @cached_property
    def rules(self) -> list[FitRule]:
        return list(self.model.fit_rules.all())

    @cached_property
    def kinds(self) -> dict[int, KindPoints]:
        return {rule.kind_id: rule.worth for rule in self.interest_rules}

    @cached_property
    def interest_rules(self) -> list[InterestRule]:
        return list(self.model.interest_rules.select_related("kind"))


def _model_in_force() -> list[QuerySet[Any, Any]]:
    """The model in force at a moment, with its rules."""
    models = ScoreModel.objects.in_force(Given("at", DateTimeField()))
    return [
        models,
        FitRule.objects.filter(model__in=models.order_by().values("pk")),
        InterestRule.objects.filter(model__in=models.order_by().values("pk")).select_related("kind"),
    ]


MODEL_IN_FORCE = Together(_model_in_force)
