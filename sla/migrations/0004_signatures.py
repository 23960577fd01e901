from django.db import migrations

# A signature is a head's word: given once, by the party's head, to a proposal; never edited; and never taken away once
# the agreement was signed by all.
SIGNED = """
CREATE FUNCTION keep_signature() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    proposed_at timestamptz;
    in_force_from timestamptz;
    head bigint;
BEGIN
    SELECT agreement.proposed_at, agreement.in_force_from, party.head_id INTO proposed_at, in_force_from, head
        FROM sla_party AS party JOIN sla_agreement AS agreement ON agreement.id = party.agreement_id
        WHERE party.id = CASE TG_OP WHEN 'DELETE' THEN OLD.party_id ELSE NEW.party_id END;
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'signature % is never edited', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF in_force_from IS NOT NULL THEN
        RAISE EXCEPTION 'the agreement of party % was signed by all',
            CASE TG_OP WHEN 'DELETE' THEN OLD.party_id ELSE NEW.party_id END USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF proposed_at IS NULL OR NEW.by_id IS DISTINCT FROM head THEN
        RAISE EXCEPTION 'only the head of party % signs, and only what was proposed', NEW.party_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER signature_kept BEFORE INSERT OR UPDATE OR DELETE ON sla_signature
    FOR EACH ROW EXECUTE FUNCTION keep_signature();
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0003_clocks")]
    operations = [
        migrations.RunSQL(SIGNED, "DROP TRIGGER signature_kept ON sla_signature; DROP FUNCTION keep_signature()"),
    ]
