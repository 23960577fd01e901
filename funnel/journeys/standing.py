"""Whether each lead stands at its last step: what is promised of every journey, asked of all of them."""

from __future__ import annotations

import logging

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
