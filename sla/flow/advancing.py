"""What changed about leads takes its way through the flow: persona, scores, stage, offer.

Each step finds its own work by query and may run twice. The marks that something changed are rows in the
database: losing Celery, Valkey or a worker loses no work.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.timezone import now

from funnel.qualification.qualifying import begin_missing, qualify
from leads.models import Lead, PersonaVersion, StaleLead
from leads.personas.matching import match_personas
from scoring.rescoring import rescore
from sla.agreement.models.agreements import Agreement
from sla.flow.models import BegunDay
from sla.reviews import reviewing
from sla.routing.offering import offer, withdraw_moved
from smarketing.company import company_zone

log = logging.getLogger(__name__)

BATCH = 500
RANGE = 20_000
DAY_LOCK = 7_305_002
RETRY_AFTER = timedelta(minutes=5)

# The marks go with the transaction: if the work fails, they are there again.
TAKE = """
DELETE FROM leads_stalelead
WHERE id IN (
    SELECT id FROM leads_stalelead WHERE due_at <= %s ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING lead_id, news_at
"""
NEWS = """
UPDATE funnel_journey AS journey SET news_at = greatest(journey.news_at, news.at)
FROM unnest(%s::bigint[], %s::timestamptz[]) AS news (lead_id, at)
WHERE journey.lead_id = news.lead_id AND (journey.news_at IS NULL OR journey.news_at < news.at)
"""


def advance(*, at: datetime | None = None, limit: int = BATCH) -> int:
    """Take one batch of marked leads through the flow, and say how many. 0: nothing was due."""
    at = at or now()
    with transaction.atomic():
        news = _take(at, limit)
        if news:
            _one_by_one_if_need_be(news, at=at)
    return len(news)


def advance_all(*, at: datetime | None = None, limit: int = BATCH) -> int:
    """Take every marked lead through the flow."""
    at = at or now()
    total = 0
    while done := advance(at=at, limit=limit):
        total += done
    return total


def begin_day(*, at: datetime | None = None) -> bool:
    """Once a company day, re-evaluate everyone as of its start: time alone changes what holds, and an agreement
    begins at the start of a day. Return whether there was anything to do. Killed half-way, it is done again."""
    at = at or now()
    today = at.astimezone(company_zone()).date()
    if BegunDay.objects.filter(day=today).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [DAY_LOCK])
        if not cursor.fetchone()[0]:
            return False  # another worker is at it
        try:
            _everyone(at=at)
            reviewing.begin_day(at=at)
            BegunDay.objects.get_or_create(day=today, defaults={"finished_at": at})
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [DAY_LOCK])
    return True


def _everyone(*, at: datetime) -> None:
    last = 0
    ids = Lead.objects.unmerged().order_by("pk").values_list("pk", flat=True)
    while batch := list(ids.filter(pk__gt=last)[:RANGE]):
        with transaction.atomic():
            flow(batch, at=at)
        last = batch[-1]


def _take(at: datetime, limit: int) -> dict[int, datetime | None]:
    """Take marks that are due: the leads, each with its latest news."""
    news: dict[int, datetime | None] = {}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [at, limit])
        for lead_id, news_at in cursor.fetchall():
            known = news.get(lead_id)
            news[lead_id] = max(filter(None, (known, news_at)), default=None)
    return news


def _one_by_one_if_need_be(news: dict[int, datetime | None], *, at: datetime) -> None:
    """A lead that breaks the flow must not hold up the others: it is marked again for a little later."""
    leads = sorted(news)
    try:
        with transaction.atomic():
            flow(leads, at=at, news=news)
        return
    except Exception:
        log.exception("A batch of %s leads failed; going on one by one.", len(leads))
    for lead in leads:
        try:
            with transaction.atomic():
                flow([lead], at=at, news=news)
        except Exception:
            log.exception("Lead %s failed; trying again in %s.", lead, RETRY_AFTER)
            StaleLead.objects.create(lead_id=lead, due_at=at + RETRY_AFTER, news_at=news[lead])


def flow(lead_ids: Sequence[int], *, at: datetime, news: dict[int, datetime | None] | None = None) -> None:
    """Persona, scores, stage, offer: one pass over some leads, as of one moment."""
    begin_missing(lead_ids, at=at, news=news)
    if news:
        _note_news(news, lead_ids)
    match_personas(lead_ids, agreed_personas(at=at), at=at)
    rescore(lead_ids, at=at)
    qualify(lead_ids, at=at)
    withdraw_moved(at=at)
    offer(lead_ids, at=at)


def agreed_personas(*, at: datetime) -> list[PersonaVersion]:
    """Return the personas of the agreement in force, in the order in which leads are matched."""
    agreement = Agreement.objects.in_force(at).first()
    if agreement is None:
        return []
    return [agreed.version for agreed in agreement.agreed_personas.select_related("version__persona")]


def _note_news(news: dict[int, datetime | None], lead_ids: Sequence[int]) -> None:
    fresh = {lead: news[lead] for lead in lead_ids if news.get(lead)}
    if fresh:
        with connection.cursor() as cursor:
            cursor.execute(NEWS, [list(fresh), list(fresh.values())])
