"""Leads that are to be evaluated anew, now or later: rows of a queue in the database, which the flow works off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from smarketing.queue import bells

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
    with connection.cursor() as cursor:
        cursor.execute(ENQUEUE.format(rows=rows), {**parameters, "at": at})
        is_due_now = bool(cursor.fetchone()[0])
    if is_due_now:
        bells.ring(settings.ADVANCE_TASK)


def dequeue(lead_id: int) -> None:
    """Forget what waits for a lead that takes part in nothing any more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_stalelead WHERE lead_id = %s", [lead_id])
