"""Leads that are to be evaluated anew, now or later: rows of a queue in the database, which the flow works off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from smarketing.queue.waking import wake

ENQUEUE = """
WITH queued AS (
    INSERT INTO leads_stalelead (lead_id, due_at, news_at) SELECT lead_id, due_at, news_at FROM ({rows}) asked
    RETURNING due_at
)
SELECT coalesce(bool_or(due_at <= %(at)s), false) FROM queued
"""
OF_LEADS = """
SELECT lead_id, %(due_at)s::timestamptz AS due_at, %(news_at)s::timestamptz AS news_at
FROM unnest(%(leads)s::bigint[]) lead_id
"""


def enqueue_reevaluation(
    lead_ids: Collection[int], *, at: datetime, news_at: datetime | None = None, due_at: datetime | None = None
) -> None:
    """Have these leads evaluated anew, at once or at `due_at`, and wake the worker.

    `news_at` is the moment of the news that lets a standing lead qualify; None: no news.
    """
    if lead_ids:
        given = {"leads": list(lead_ids), "due_at": due_at or at, "news_at": news_at}
        enqueue_selected(OF_LEADS, given, at=at)


def enqueue_selected(rows: str, parameters: Mapping[str, Any], *, at: datetime) -> None:
    """The same for leads that a statement selects, as (lead_id, due_at, news_at)."""
    if _enqueue(rows, parameters, at):
        wake(settings.ADVANCE_TASK)


def _enqueue(rows: str, parameters: Mapping[str, Any], at: datetime) -> bool:
    """Whether any is due now."""
    with connection.cursor() as cursor:
        cursor.execute(ENQUEUE.format(rows=rows), {**parameters, "at": at})
        return bool(cursor.fetchone()[0])


# By arrays, which PostgreSQL hashes whatever it believes of the table: joined, this took minutes where it knew nothing.
WAITING = """
SELECT id, lead_id, news_at FROM leads_stalelead
WHERE due_at <= %(at)s AND lead_id = ANY(%(leads)s) FOR UPDATE SKIP LOCKED
"""
OF_MOMENTS = """
SELECT * FROM unnest(%(leads)s::bigint[], %(dues)s::timestamptz[], %(news)s::timestamptz[]) q (lead_id, due_at, news_at)
"""


def enqueue_merged(rows: str, parameters: Mapping[str, Any], *, at: datetime) -> None:
    """The same, for many at once that come again and again: what waits for a lead already becomes one with the new,
    unless somebody works on it. The batches of a long file do not pile up work. To wake the worker is the caller's."""
    with connection.cursor() as cursor:
        cursor.execute(rows, parameters)
        news = {(lead, max(due_at, at)): news_at for lead, due_at, news_at in cursor.fetchall()}
        cursor.execute(WAITING, {"at": at, "leads": [lead for lead, _due_at in news]})
        waiting = cursor.fetchall()
        for _id, lead, news_at in waiting:
            news[lead, at] = max(filter(None, (news.get((lead, at)), news_at)), default=None)
        cursor.execute("DELETE FROM leads_stalelead WHERE id = ANY(%s)", [[row_id for row_id, *_rest in waiting]])
    moments = {
        "leads": [lead for lead, _due_at in news],
        "dues": [due_at for _lead, due_at in news],
        "news": list(news.values()),
    }
    _enqueue(OF_MOMENTS, moments, at)


FORGET = """
DELETE FROM leads_stalelead
WHERE id IN (SELECT id FROM leads_stalelead WHERE lead_id = %s FOR UPDATE SKIP LOCKED)
"""


def dequeue(lead_id: int) -> None:
    """Forget what waits for a lead that takes part in nothing any more. What somebody works on is left to them."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [lead_id])
