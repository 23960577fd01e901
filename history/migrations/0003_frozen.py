from django.db import migrations

# What was signed stays as it was signed. Two trigger functions that any table can use:
#   keep_frozen(column, allowed, …)   once `column` is set, only the allowed columns change, and the row stays;
#   keep_children_frozen(table, foreign key, column)   rows of a frozen row are neither made, changed nor removed.
# A row whose allowed columns include 'unfreeze' may have `column` emptied while it is not in force.
FROZEN = """
CREATE FUNCTION keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
    allowed text[] := TG_ARGV[1:];
BEGIN
    IF before ->> TG_ARGV[0] IS NULL THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% % is frozen and stays', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    after := to_jsonb(NEW);
    IF 'unfreeze' = ANY (allowed) AND before ->> 'in_force_from' IS NULL AND after ->> TG_ARGV[0] IS NULL THEN
        RETURN NEW;
    END IF;
    IF before - allowed IS DISTINCT FROM after - allowed THEN
        RAISE EXCEPTION '% % is frozen and never edited', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION keep_children_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    child jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    frozen boolean;
BEGIN
    EXECUTE format('SELECT %I IS NOT NULL FROM %I WHERE id = $1 FOR SHARE', TG_ARGV[2], TG_ARGV[0])
        INTO frozen USING (child ->> TG_ARGV[1])::bigint;
    IF frozen THEN
        RAISE EXCEPTION '% of frozen % %', TG_TABLE_NAME, TG_ARGV[0], child ->> TG_ARGV[1]
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("history", "0002_initial")]
    operations = [
        migrations.RunSQL(FROZEN, "DROP FUNCTION keep_children_frozen(); DROP FUNCTION keep_frozen()"),
    ]
