"""An UPDATE is noted by row, where a column that counts changed. See metrics/changes.py."""

from importlib import import_module

from django.db import migrations

NOTE = """
CREATE OR REPLACE FUNCTION metrics_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        -- Each row's WHEN was asked while the row was changed, before the first of the statement was noted.
        IF current_setting('metrics.noted', true) = pg_current_xact_id()::text THEN
            RETURN NULL;
        END IF;
    -- A statement that found no rows changed nothing. TRUNCATE has no `changed`, so this stands in a branch of its own.
    ELSIF TG_OP <> 'TRUNCATE' THEN
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
BEFORE = import_module("metrics.migrations.0001_changes").NOTE.partition("\n\n")[2].replace("CREATE", "CREATE OR REPLACE")


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_changes")]
    operations = [migrations.RunSQL(NOTE, BEFORE)]
