"""When we were told of deals, and of leads that a file dated back; no step is told before it is made."""

from django.db import migrations, models
from django.db.models.functions import Now

from smarketing.database import operations
from history.recording import RecordedAt

# The demo was written after the fact, each row told at its own moment.
DEMO = """
UPDATE funnel_transition t SET recorded_at = t.at FROM teams_organization o
WHERE o.is_demo AND t.at < t.recorded_at AND t.recorded_at <= coalesce(o.demo_built_at, now())
"""
# A step that lay ahead was told at the latest when it came.
AHEAD = """
WITH wrong AS (
    SELECT id, recorded_at, at FROM funnel_transition WHERE at > recorded_at FOR UPDATE
), kept AS (
    INSERT INTO history_change (subject, subject_id, field, old, new, at, how)
    SELECT 'transition', id, 'recorded_at', to_jsonb(recorded_at), to_jsonb(at), now(), 'upgrade' FROM wrong
)
UPDATE funnel_transition t SET recorded_at = wrong.at FROM wrong WHERE wrong.id = t.id
"""
DEALS = """
UPDATE funnel_opportunity d
SET recorded_at = CASE WHEN EXISTS (
    SELECT FROM teams_organization o WHERE o.is_demo AND d.created_at <= coalesce(o.demo_built_at, now())
) THEN coalesce(d.opened_at, d.created_at) ELSE d.created_at END
"""
# The first that we wrote about a lead, its own row aside: an import begins the journey with the lead.
LEADS = """
UPDATE leads_lead l SET recorded_at = first.at
FROM (
    SELECT lead_id, min(at) AS at FROM (
        SELECT lead_id, recorded_at AS at FROM funnel_transition
        UNION ALL
        SELECT subject_id, at FROM history_change WHERE subject = 'lead'
    ) told GROUP BY lead_id
) first
WHERE first.lead_id = l.id AND first.at > l.created_at
"""


class Migration(migrations.Migration):

    dependencies = [
        ("funnel", "0006_decided_after_opened"),
        ("history", "0006_leases"),
        ("leads", "0014_recorded_at"),
        ("teams", "0008_declared_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="opportunity",
            name="recorded_at",
            field=RecordedAt(db_default=Now(), editable=False, of="opened_at"),
        ),
        migrations.AlterField(
            model_name="transition",
            name="recorded_at",
            field=RecordedAt(db_default=Now(), editable=False, of="at"),
        ),
        migrations.RunSQL(DEMO, migrations.RunSQL.noop),
        migrations.RunSQL(AHEAD, migrations.RunSQL.noop),
        migrations.RunSQL(DEALS, migrations.RunSQL.noop),
        migrations.RunSQL(LEADS, migrations.RunSQL.noop),
        operations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(at__lte=models.F("recorded_at")), name="step_is_told_when_it_is_made"
            ),
        ),
    ]
