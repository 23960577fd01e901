"""Know at once, and cheaply, that something changed which numbers are made of.

Each transaction that changes a row of these tables leaves its own number in `dashboards_ripple`: once, and visible to
others exactly when its changes are. See docs/decisions/0013-stored-numbers-know-when-they-are-stale.md.
"""

from django.db import migrations, models

WATCHED = (
    "leads_lead",
    "leads_campaign",
    "leads_personamatch",
    "leads_import",
    "funnel_stage",
    "funnel_transition",
    "funnel_opportunity",
    "sla_agreement",
    "sla_signature",
    "sla_calendar",
    "sla_calendarday",
    "sla_handoff",
    "sla_timer",
    "teams_organization",
    "dashboards_goal",
)

NOTE = """
CREATE TABLE dashboards_ripple (xid xid8 PRIMARY KEY);

CREATE FUNCTION dashboards_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dashboards_ripple VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
    -- From now on this transaction's rows pass by the triggers' WHEN; a rolled back savepoint takes it back.
    PERFORM set_config('smarketing.noted', pg_current_xact_id()::text, true);
    RETURN COALESCE(NEW, OLD);
END $$;
"""

WATCH = """
CREATE TRIGGER numbers_change BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
    WHEN (current_setting('smarketing.noted', true) IS DISTINCT FROM pg_current_xact_id()::text)
    EXECUTE FUNCTION dashboards_note_change();
CREATE TRIGGER numbers_vanish BEFORE TRUNCATE ON {table} FOR EACH STATEMENT
    EXECUTE FUNCTION dashboards_note_change();
"""

UNWATCH = "DROP TRIGGER numbers_change ON {table}; DROP TRIGGER numbers_vanish ON {table};"
FORGET = "DROP FUNCTION dashboards_note_change(); DROP TABLE dashboards_ripple;"


class Migration(migrations.Migration):
    dependencies = [
        ("dashboards", "0002_initial"),
        ("leads", "0001_initial"),
        ("funnel", "0001_initial"),
        ("sla", "0001_initial"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="weeklyreport",
            name="seen",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="weeklyreport", name="good_until", field=models.DateTimeField(null=True)
        ),
        migrations.RunSQL(NOTE, FORGET),
        *(migrations.RunSQL(WATCH.format(table=table), UNWATCH.format(table=table)) for table in WATCHED),
    ]
