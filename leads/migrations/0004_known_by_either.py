from django.db import migrations

# The same promise as in 0002, in two branches: PL/pgSQL reads an expression whole, and a row of leads_lead has no
# lead_id.
KNOWN = """
CREATE OR REPLACE FUNCTION lead_is_known() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject bigint;
BEGIN
    IF TG_TABLE_NAME = 'leads_lead' THEN
        subject := NEW.id;
    ELSE
        subject := OLD.lead_id;
    END IF;
    IF EXISTS (
        SELECT FROM leads_lead l
        WHERE l.id = subject AND l.email = '' AND l.merged_into_id IS NULL
          AND NOT EXISTS (SELECT FROM leads_identity i WHERE i.lead_id = l.id)
    ) THEN
        RAISE EXCEPTION 'lead_is_known: lead % has neither an e-mail nor an external id', subject
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_is_known';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_searching")]
    operations = [migrations.RunSQL(KNOWN, migrations.RunSQL.noop)]
