"""Companies that two reps of one team work already: it was so before the rule that keeps a company with one began."""

from __future__ import annotations

from django.db import migrations

MARK = """
WITH worked AS (
    SELECT handoff.id, handoff.rep_id, lead.company_id, hop.receiving_team_id AS team_id
    FROM sla_handoff handoff
    JOIN sla_hop hop ON hop.id = handoff.hop_id
    JOIN leads_lead lead ON lead.id = handoff.lead_id
    JOIN teams_user rep ON rep.id = handoff.rep_id AND rep.is_active
    LEFT JOIN funnel_journey journey ON journey.lead_id = lead.id
    LEFT JOIN funnel_stage stage ON stage.id = journey.stage_id
    WHERE lead.company_id IS NOT NULL AND lead.merged_into_id IS NULL AND (
        handoff.answer = ''
        OR handoff.answer = 'accepted' AND handoff.given_up_at IS NULL AND journey.closed_at IS NULL
        AND stage.position BETWEEN (SELECT position FROM funnel_stage WHERE role = 'sal')
            AND (SELECT position FROM funnel_stage WHERE role = 'opportunity')
        AND NOT EXISTS (
            SELECT FROM sla_handoff later JOIN sla_hop its ON its.id = later.hop_id
            WHERE later.lead_id = handoff.lead_id AND later.answer = 'accepted' AND later.id > handoff.id
            AND its.receiving_team_id = hop.receiving_team_id
        )
    )
), divided AS (
    SELECT company_id, team_id FROM worked GROUP BY company_id, team_id HAVING count(DISTINCT rep_id) > 1
)
UPDATE sla_handoff handoff SET two_reps = 'before'
FROM worked JOIN divided USING (company_id, team_id) WHERE handoff.id = worked.id
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0019_one_rep_a_company")]
    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
