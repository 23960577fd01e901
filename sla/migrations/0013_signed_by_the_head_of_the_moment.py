from django.db import migrations

# Who heads the team at the moment signs for it, else, where the team has no head, whom the agreement names.
FUNCTION = """
CREATE OR REPLACE FUNCTION keep_signature() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    proposed_at timestamptz;
    in_force_from timestamptz;
    head bigint;
BEGIN
    SELECT agreement.proposed_at, agreement.in_force_from, {head} INTO proposed_at, in_force_from, head
        FROM sla_party AS party
        JOIN sla_agreement AS agreement ON agreement.id = party.agreement_id
        JOIN teams_team AS team ON team.id = party.team_id
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
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0012_last_changes"), ("teams", "0001_initial")]
    operations = [
        migrations.RunSQL(
            FUNCTION.replace("{head}", "COALESCE(team.head_id, party.head_id)"),
            FUNCTION.replace("{head}", "party.head_id"),
        ),
    ]
