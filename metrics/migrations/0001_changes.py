"""Which transactions changed something that numbers are made of. See metrics/changes.py."""

from django.db import migrations

NOTE = """
CREATE TABLE metrics_change (xid xid8 PRIMARY KEY);

CREATE FUNCTION metrics_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A statement that found no rows changed nothing. TRUNCATE has no `changed`, so this stands in a branch of its own.
    IF TG_OP <> 'TRUNCATE' THEN
        IF NOT EXISTS (SELECT FROM changed) THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO metrics_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
    -- From now on this transaction's statements pass by the triggers' WHEN; a rolled back savepoint takes it back.
    PERFORM set_config('metrics.noted', pg_current_xact_id()::text, true);
    RETURN NULL;
END $$;
"""
FORGET = "DROP FUNCTION metrics_note_change(); DROP TABLE metrics_change;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(NOTE, FORGET)]
