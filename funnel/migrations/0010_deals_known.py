"""The stages that a deal has at first, and the history of the deals that are there, as far as it is known.

Of each deal: its opening, its last reopening with the outcome that this took back (where an event of the last month, or
the step back of the lead at that very moment, tells it), and how it was decided. At which stage it stood is not known.
"""

from django.db import migrations

STAGES = """
INSERT INTO funnel_dealstage (key, name_en, name_ja, position) VALUES
    ('discovery', 'Discovery', '初回商談', 10), ('proposal', 'Proposal', '提案', 20),
    ('negotiation', 'Negotiation', '交渉', 30), ('decision', 'Decision', '決裁', 40)
ON CONFLICT (key) DO NOTHING
"""
# Whoever said on a page that a reopened deal was won on a day before had it reopened after it was decided.
MEND = """
WITH wrong AS (
    SELECT id, reopened_at, coalesce(won_at, lost_at) AS decided_at FROM funnel_opportunity
    WHERE reopened_at > coalesce(won_at, lost_at) FOR UPDATE
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'opportunity', id, 'reopened_at', to_jsonb(reopened_at), to_jsonb(decided_at), now(), 'upgrade' FROM wrong
)
UPDATE funnel_opportunity o SET reopened_at = wrong.decided_at FROM wrong WHERE wrong.id = o.id
"""
# What a reopened deal had come to before.
BEFORE = """
WITH told AS MATERIALIZED (
    SELECT (payload ->> 'opportunity')::bigint AS id, substr(kind, 13) AS what, at FROM history_outbox
    WHERE kind IN ('opportunity.won', 'opportunity.lost')
), steps AS (
    SELECT t.lead_id, t.at, t.how, lag(t.at) OVER ledger AS before_at, lag(t.to_stage_id) OVER ledger AS before_stage,
        lag(t.how) OVER ledger AS before_how
    FROM funnel_transition t
    WHERE t.lead_id IN (SELECT lead_id FROM funnel_opportunity WHERE reopened_at IS NOT NULL)
    WINDOW ledger AS (PARTITION BY t.lead_id ORDER BY t.at, t.id)
), candidates AS (
    SELECT o.id, told.what, told.at FROM funnel_opportunity o JOIN told ON told.id = o.id
    WHERE told.at <= o.reopened_at AND (o.opened_at IS NULL OR told.at >= o.opened_at)
    UNION ALL
    SELECT o.id, CASE WHEN s.before_stage IS NULL THEN 'lost' ELSE 'won' END, s.before_at
    FROM funnel_opportunity o JOIN steps s ON s.lead_id = o.lead_id AND s.at = o.reopened_at AND s.how = 'opportunity'
    LEFT JOIN funnel_stage stage ON stage.id = s.before_stage
    WHERE o.kind = 'new' AND s.before_how IN ('opportunity', 'import')
        AND (s.before_stage IS NULL OR stage.role = 'customer')
        AND (o.opened_at IS NULL OR s.before_at >= o.opened_at)
)
SELECT DISTINCT ON (id) id, what, at FROM candidates ORDER BY id, at DESC
"""
FILL = f"""
WITH before AS ({BEFORE}), rows AS (
    SELECT o.id, 1 AS nth, 'opened' AS what,
        coalesce(o.opened_at, least(o.won_at, o.lost_at, o.reopened_at, before.at, o.created_at)) AS at,
        NULL::bigint AS reason_id, '' AS text
    FROM funnel_opportunity o LEFT JOIN before ON before.id = o.id
    UNION ALL SELECT id, 2, what, at, NULL, '' FROM before
    UNION ALL SELECT id, 3, 'reopened', reopened_at, NULL, '' FROM funnel_opportunity WHERE reopened_at IS NOT NULL
    UNION ALL SELECT id, 4, 'won', won_at, reason_id, reason_text FROM funnel_opportunity WHERE won_at IS NOT NULL
    UNION ALL SELECT id, 4, 'lost', lost_at, reason_id, reason_text FROM funnel_opportunity WHERE lost_at IS NOT NULL
), ordered AS (
    -- No row of a history lies before the one it follows.
    SELECT id, nth, what, reason_id, text, max(at) OVER (PARTITION BY id ORDER BY nth) AS at FROM rows
)
INSERT INTO funnel_opportunitystep (opportunity_id, what, at, recorded_at, how, kind, amount, currency,
    expected_close_on, owner_id, reason_id, text)
SELECT o.id, r.what, r.at, greatest(r.at, o.created_at), 'upgrade', CASE r.what WHEN 'opened' THEN o.kind ELSE '' END,
    CASE r.what WHEN 'opened' THEN o.amount END, CASE r.what WHEN 'opened' THEN o.currency ELSE '' END,
    CASE r.what WHEN 'opened' THEN o.expected_close_on END, CASE r.what WHEN 'opened' THEN o.owner_id END,
    r.reason_id, r.text
FROM ordered r JOIN funnel_opportunity o ON o.id = r.id
WHERE NOT EXISTS (SELECT FROM funnel_opportunitystep there WHERE there.opportunity_id = o.id)
ORDER BY o.id, r.nth
"""


class Migration(migrations.Migration):

    dependencies = [
        ("funnel", "0009_deal_ledger"),
        ("history", "0004_events"),
    ]

    operations = [
        migrations.RunSQL(STAGES, migrations.RunSQL.noop),
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
