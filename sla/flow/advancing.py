"""Taking changed leads through the flow: persona, scores, stage, offer.

Each step finds its own work by query and may run twice. That a lead changed is a row in the database: losing Celery,
Valkey or a worker loses no work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import DateTimeField, QuerySet
from django.utils.timezone import now

from funnel.journeys.standing import report_misplaced
from funnel.opportunities.days import lay_on_their_days, mislaid_leads
from funnel.opportunities.ledger import report_disagreeing
from funnel.qualification.news import needless
from funnel.qualification.qualifying import STAGES_AND_DEFINITIONS, Funnel, begin_missing, qualify
from history import leases
from history.leases import Step
from leads.models import Lead, PendingReevaluation
from leads.notices import notify_failed_leads
from leads.personas.matching import match_personas
from metrics.changes import note_change
from scoring.rescoring import MODEL_IN_FORCE, Scoring, rescore
from sla.agreement.models.agreements import AgreedPersona, Agreement
from sla.attainment.computing import request_computation
from sla.flow.models import BegunDay
from sla.flow.notices import notify_failed_checks
from sla.reviews import reviewing
from sla.routing.divided import report_divided
from sla.routing.offering import end_moved, offer
from smarketing.company import company_zone, knowing
from smarketing.database.isolating import isolate
from smarketing.database.statements import Given
from smarketing.database.together import Together
from teams.models import stored_time_zones

BATCH = 1000
# The morning's: between two of them whoever waits for a lead's row, or for the lock of assignments, has a turn.
DAY_BATCH = 2000
LEASE = "begin_day"
RETRY_AFTER = timedelta(minutes=5)
MOST_DOUBLED = 9

# Claimed rows are deleted in the transaction that does the work: if that fails, they are still there.
# Chosen once: where it is planned as a loop, a subquery finds other rows each time, more than the limit.
CLAIM_SQL = """
WITH due AS MATERIALIZED (
    SELECT id FROM leads_stalelead WHERE due_at <= %s ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
)
DELETE FROM leads_stalelead pending USING due WHERE pending.id = due.id
RETURNING pending.lead_id, pending.news_at, pending.failures
"""
UPDATE_NEWS_SQL = """
WITH locked AS (SELECT lead_id FROM funnel_journey WHERE lead_id = ANY (%s) ORDER BY lead_id FOR NO KEY UPDATE)
UPDATE funnel_journey AS journey SET news_at = greatest(journey.news_at, news.at)
FROM unnest(%s::bigint[], %s::timestamptz[]) AS news (lead_id, at) JOIN locked USING (lead_id)
WHERE journey.lead_id = news.lead_id AND (journey.news_at IS NULL OR journey.news_at < news.at)
"""


def advance(*, at: datetime | None = None, limit: int = BATCH, step: Step = transaction.atomic) -> int:
    """Take one batch of changed leads through the flow; return how many."""
    return _advance(at, limit, step)[0]


def advance_all(*, at: datetime | None = None, limit: int = BATCH, step: Step = transaction.atomic) -> int:
    """Take all changed leads through the flow, batch by batch, each at its own moment; return how many."""
    total, is_last = 0, False
    while not is_last:
        done, is_last = _advance(at, limit, step)
        total += done
    return total


def _advance(at: datetime | None, limit: int, step: Step) -> tuple[int, bool]:
    """Take one batch through the flow; return how many, and whether it was the last that is due."""
    with step():
        moment = at or now()
        claimed, news, failures = _claim(moment, limit)
        if news:
            _flow_isolating_failures(sorted(news), at=moment, news=news, failures=failures)
    if news:
        offer(sorted(news), at=at, step=step)
    return len(news), claimed < limit


def begin_day(*, at: datetime | None = None, step: Step = transaction.atomic) -> bool:
    """Once a company day, and again in a changed zone, re-evaluate all leads and plan reviews: scores decay, windows
    end, and agreements come into force. Return whether this call did so. Safe to run twice; interrupted, the next call
    does it again."""
    zone = company_zone()
    today = (at or now()).astimezone(zone).date()
    last = BegunDay.objects.order_by("-pk").first()
    is_moved = last is not None and last.zone != zone.key
    if not is_moved and BegunDay.objects.filter(zone=zone.key, day=today).exists():
        return False
    try:
        with leases.hold(LEASE) as lease:
            if last and is_moved:
                _lay_on_their_days(last.zone, at=at, step=step, lease=lease)
            _reevaluate_everyone(at=at, step=step, lease=lease)
            with step():
                lease.check()
                reviewing.begin_day(at=at)
                _check_records(at=at or now())
                if is_moved:
                    _recount_days(at=at or now())
                BegunDay.objects.filter(zone=zone.key, day=today).delete()
                BegunDay.objects.create(zone=zone.key, day=today, finished_at=at or now())
    except leases.Taken:
        return False  # another worker does it
    return True


def _check_records(*, at: datetime) -> None:
    found = {"leads": report_misplaced(), "companies": report_divided(), "deals": report_disagreeing()}
    notify_failed_checks(found, at=at)


def _recount_days(*, at: datetime) -> None:
    """Have everything that is kept by the company's days computed again, as its zone has changed."""
    note_change()
    request_computation(at=at)


def _lay_on_their_days(zone: str, *, at: datetime | None, step: Step, lease: leases.Held) -> None:
    """Let what is known only to the day stay on it, in another zone than the one of before."""
    was = ZoneInfo(zone) if zone else company_zone()
    leads = mislaid_leads(was)
    for first in range(0, len(leads), DAY_BATCH):
        with step():
            lease.check()
            lay_on_their_days(leads[first : first + DAY_BATCH], was, at=at or now())


def _reevaluate_everyone(*, at: datetime | None, step: Step, lease: leases.Held) -> None:
    last = 0
    ids = Lead.objects.unmerged().order_by("pk").values_list("pk", flat=True)
    while batch := list(ids.filter(pk__gt=last)[:DAY_BATCH]):
        with step():
            lease.check()
            _flow_isolating_failures(batch, at=at or now())
        offer(batch, at=at, step=step)
        last = batch[-1]


def _claim(at: datetime, limit: int) -> tuple[int, dict[int, datetime | None], dict[int, int]]:
    """Claim rows that are due for re-evaluation; return how many, the moment of each lead's latest news, if any, by
    lead, and how often each has failed."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL, [at, limit])
        claimed = cursor.fetchall()
    is_none = needless({(lead, news_at) for lead, news_at, _failed in claimed if news_at}, at=at)
    news: dict[int, datetime | None] = {lead: None for lead, _news_at, _failed in claimed}
    failures: dict[int, int] = {}
    for lead, news_at, failed in claimed:
        failures[lead] = max(failures.get(lead, 0), failed)
        if news_at and (lead, news_at) not in is_none:
            news[lead] = max(news_at, news[lead] or news_at)
    return len(claimed), news, failures


def _flow_isolating_failures(
    lead_ids: Sequence[int],
    *,
    at: datetime,
    news: dict[int, datetime | None] | None = None,
    failures: dict[int, int] | None = None,
) -> None:
    """Run the flow for all leads at once; those that break it stand alone, and are tried again, each time later."""
    failed = isolate(lead_ids, lambda some: run_flow(some, at=at, news=news))
    before = failures or {}
    PendingReevaluation.objects.bulk_create(
        PendingReevaluation(
            lead_id=lead,
            due_at=at + retry_after(before.get(lead, 0)),
            news_at=(news or {}).get(lead),
            failures=min(before.get(lead, 0) + 1, MOST_DOUBLED),
        )
        for lead in failed
    )
    notify_failed_leads(failed, at=at)


def retry_after(failures: int) -> timedelta:
    """Twice as long after each failure, from five minutes up to a day."""
    return min(RETRY_AFTER * int(2**failures), timedelta(days=1))


def run_flow(lead_ids: Sequence[int], *, at: datetime, news: dict[int, datetime | None] | None = None) -> None:
    """Match personas, score and qualify some leads, as of one moment, in the order in which rows are locked.

    To offer them is the next transaction's: the lock of assignments is taken before any row.
    """
    zones, agreed, *scored, stages, definitions = IN_FORCE.fetch(at=at)
    funnel = Funnel(stages, definitions)
    match_personas(lead_ids, [each.version for each in agreed], at=at)
    with knowing(*zones):
        if scoring := Scoring.by(*scored, at=at):
            rescore(lead_ids, at=at, scoring=scoring)
    # Now that its persona and its quadrant are known, which its first step keeps.
    if _update_news(news or {}, lead_ids) < len(lead_ids):
        begin_missing(lead_ids, at=at, news=news, funnel=funnel)
        _update_news(news or {}, lead_ids)
    qualify(lead_ids, at=at, funnel=funnel)
    end_moved(lead_ids, at=at)


def _agreed_personas() -> QuerySet[AgreedPersona]:
    """The personas of the agreement in force, in the order in which leads are matched."""
    in_force = Agreement.objects.in_force(Given("at", DateTimeField()))
    return AgreedPersona.objects.filter(agreement__in=in_force).select_related("version__persona").order_by("position")


# All that the flow goes by, at one moment.
IN_FORCE = Together(
    lambda: [stored_time_zones(), _agreed_personas(), *MODEL_IN_FORCE.build(), *STAGES_AND_DEFINITIONS.build()]
)


def _update_news(news: dict[int, datetime | None], lead_ids: Sequence[int]) -> int:
    """Keep the latest news of each lead in its journey; return in how many."""
    fresh = {lead: news[lead] for lead in lead_ids if news.get(lead)}
    if not fresh:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_NEWS_SQL, [list(fresh), list(fresh), list(fresh.values())])
        return int(cursor.rowcount)
