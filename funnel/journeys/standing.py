"""Each lead stands at its last step: what is promised of every journey, kept, and asked of all of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import connection

log = logging.getLogger(__name__)

# So many leads are named in the log.
NAMED = 20
# Journeys beside their ledgers, one statement over both.
MISPLACED = """
SELECT j.lead_id FROM funnel_journey j
JOIN leads_lead l ON l.id = j.lead_id AND l.merged_into_id IS NULL
LEFT JOIN (
    SELECT DISTINCT ON (lead_id) lead_id, to_stage_id FROM funnel_transition ORDER BY lead_id, at DESC, id DESC
) last ON last.lead_id = j.lead_id
WHERE CASE WHEN j.closed_at IS NULL THEN j.stage_id END IS DISTINCT FROM last.to_stage_id
ORDER BY j.lead_id
"""

# A lead stands at its last step; where that closed its journey, at the last stage that it entered.
STAND_AT_LAST_STEP = """
WITH last AS (
    SELECT DISTINCT ON (lead_id) lead_id, to_stage_id, at, reason_id FROM funnel_transition
    WHERE lead_id = ANY (%(leads)s) ORDER BY lead_id, at DESC, id DESC
), entry AS (
    SELECT DISTINCT ON (lead_id) lead_id, to_stage_id, at FROM funnel_transition
    WHERE lead_id = ANY (%(leads)s) AND to_stage_id IS NOT NULL ORDER BY lead_id, at DESC, id DESC
)
UPDATE funnel_journey j
SET stage_id = entry.to_stage_id, entered_at = entry.at,
    closed_at = CASE WHEN last.to_stage_id IS NULL THEN last.at END,
    closed_as = CASE WHEN last.to_stage_id IS NOT NULL THEN ''
                     WHEN j.closed_as <> '' THEN j.closed_as
                     WHEN r.kind = 'disqualified' THEN 'disqualified' ELSE 'lost' END
FROM last JOIN entry ON entry.lead_id = last.lead_id LEFT JOIN funnel_reason r ON r.id = last.reason_id
WHERE j.lead_id = last.lead_id AND (j.stage_id, j.entered_at, j.closed_at) IS DISTINCT FROM
    (entry.to_stage_id, entry.at, CASE WHEN last.to_stage_id IS NULL THEN last.at END)
"""


def stand_at_last_step(leads: Sequence[int]) -> None:
    """Let these leads stand where their ledgers say, after a correction."""
    with connection.cursor() as cursor:
        cursor.execute(STAND_AT_LAST_STEP, {"leads": list(leads)})


def misplaced_leads() -> list[int]:
    """Return the leads that do not stand where the last step of their ledger led."""
    with connection.cursor() as cursor:
        cursor.execute(MISPLACED)
        return [lead for (lead,) in cursor.fetchall()]


def report_misplaced() -> list[int]:
    """Log the leads that do not stand at their last step, and return them."""
    leads = misplaced_leads()
    if leads:
        named = ", ".join(map(str, leads[:NAMED]))
        log.error("%s leads do not stand at the last step of their ledger: %s", len(leads), named)
    return leads
