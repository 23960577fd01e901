"""Whether the columns of each deal are the last rows of its history: what is promised of every deal, asked of all."""

from __future__ import annotations

import logging

from django.db import connection

log = logging.getLogger(__name__)

# So many deals are named in the log.
NAMED = 20
# Deals beside the last rows of their three strands, one statement over all.
DISAGREEING = """
WITH outcome AS (
    SELECT DISTINCT ON (opportunity_id) opportunity_id, what, at, day, reason_id, text FROM funnel_opportunitystep
    WHERE what IN ('opened', 'won', 'lost', 'reopened') ORDER BY opportunity_id, at DESC, id DESC
), stood AS (
    SELECT DISTINCT ON (opportunity_id) opportunity_id, stage_id FROM funnel_opportunitystep
    WHERE what IN ('opened', 'moved') ORDER BY opportunity_id, at DESC, id DESC
), terms AS (
    SELECT DISTINCT ON (opportunity_id) opportunity_id, kind, amount, currency, expected_close_on, owner_id
    FROM funnel_opportunitystep WHERE what IN ('opened', 'changed') ORDER BY opportunity_id, at DESC, id DESC
), opened AS (
    SELECT opportunity_id, at, day FROM funnel_opportunitystep WHERE what = 'opened'
), reopened AS (
    SELECT opportunity_id, max(at) AS at FROM funnel_opportunitystep WHERE what = 'reopened' GROUP BY opportunity_id
)
SELECT o.id FROM funnel_opportunity o
LEFT JOIN outcome ON outcome.opportunity_id = o.id LEFT JOIN stood ON stood.opportunity_id = o.id
LEFT JOIN terms ON terms.opportunity_id = o.id LEFT JOIN opened ON opened.opportunity_id = o.id
LEFT JOIN reopened ON reopened.opportunity_id = o.id
WHERE outcome.what IS NULL
    OR (o.won_at, o.won_on, o.lost_at, o.lost_on) IS DISTINCT FROM (
        CASE outcome.what WHEN 'won' THEN outcome.at END, CASE outcome.what WHEN 'won' THEN outcome.day END,
        CASE outcome.what WHEN 'lost' THEN outcome.at END, CASE outcome.what WHEN 'lost' THEN outcome.day END)
    OR coalesce(o.won_at, o.lost_at) IS NOT NULL
        AND (o.reason_id, o.reason_text) IS DISTINCT FROM (outcome.reason_id, outcome.text)
    OR o.reopened_at IS DISTINCT FROM reopened.at
    OR o.opened_at <> opened.at OR o.opened_at IS NOT NULL AND o.opened_on IS DISTINCT FROM opened.day
    OR o.stage_id IS DISTINCT FROM stood.stage_id
    OR (o.kind, o.amount, o.currency, o.expected_close_on, o.owner_id)
        IS DISTINCT FROM (terms.kind, terms.amount, terms.currency, terms.expected_close_on, terms.owner_id)
ORDER BY o.id
"""


def disagreeing_deals() -> list[int]:
    """Return the deals that are not as their history says."""
    with connection.cursor() as cursor:
        cursor.execute(DISAGREEING)
        return [deal for (deal,) in cursor.fetchall()]


def report_disagreeing() -> list[int]:
    """Log the deals that are not as their history says, and return them."""
    deals = disagreeing_deals()
    if deals:
        named = ", ".join(map(str, deals[:NAMED]))
        log.error("%s deals are not as their history says: %s", len(deals), named)
    return deals
