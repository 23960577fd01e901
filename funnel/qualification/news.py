"""What is news of a lead that waits for some: an activity, or a change of what the next definition rests on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from funnel.qualification.qualifying import Funnel
from leads.criteria.naming import rests_on

News = tuple[int, datetime]
# Of that moment nothing is known but changes, by people and programs: where each lead stands, and what changed. An
# import says itself whether it is news, and a merge brings what the other record did.
CHANGED = """
SELECT news.lead_id, news.at, journey.stage_id, array_agg(changed.attribute)
FROM unnest(%s::bigint[], %s::timestamptz[]) news (lead_id, at)
JOIN funnel_journey journey ON journey.lead_id = news.lead_id
JOIN leads_lead lead ON lead.id = news.lead_id
CROSS JOIN LATERAL (
    SELECT 'lead.' || c.field AS attribute, c.how FROM history_change c
    WHERE c.subject = 'lead' AND c.subject_id = lead.id AND c.at = news.at
    UNION ALL
    SELECT 'company.' || c.field, c.how FROM history_change c
    WHERE c.subject = 'company' AND c.subject_id = lead.company_id AND c.at = news.at
) changed
WHERE NOT EXISTS (SELECT FROM leads_activity act WHERE act.lead_id = news.lead_id AND act.occurred_at = news.at)
GROUP BY news.lead_id, news.at, journey.stage_id
HAVING bool_and(changed.how NOT LIKE 'import%%' AND changed.how <> 'merge')
"""


def needless(news: Collection[News], *, at: datetime) -> set[News]:
    """Those of the news that are none: a typo was corrected, say. What a lead did stays news, whatever else changed."""
    if not news:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, [[lead for lead, _at in news], [moment for _lead, moment in news]])
        changed = cursor.fetchall()
    if not changed:
        return set()
    counts = _attributes_that_count(at)
    return {(lead, moment) for lead, moment, stage, names in changed if not counts.get(stage, set()) & set(names)}


def _attributes_that_count(at: datetime) -> dict[int, set[str]]:
    """By the stage where a lead stands, what the definitions that take it from there rest on."""
    found: dict[int, set[str]] = {}
    funnel = Funnel.of(at)
    for definition in funnel.definitions:
        for stage in funnel.before(definition.stage):
            found.setdefault(stage.pk, set()).update(rests_on(definition.criteria or {"all": []}))
    return found
