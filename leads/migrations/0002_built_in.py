from django.db import migrations

KINDS = [
    ("page_view", "Page view", "ページ閲覧"),
    ("pricing_page_view", "Pricing page view", "料金ページ閲覧"),
    ("content_download", "Content download", "資料ダウンロード"),
    ("form_submission", "Form submission", "フォーム送信"),
    ("demo_request", "Demo request", "デモ依頼"),
    ("webinar_registered", "Webinar registered", "ウェビナー申込"),
    ("webinar_attended", "Webinar attended", "ウェビナー参加"),
    ("newsletter_signup", "Newsletter signup", "メルマガ登録"),
    ("email_open", "E-mail open", "メール開封"),
    ("email_click", "E-mail click", "メールクリック"),
    ("social_follow", "Social follow", "SNSフォロー"),
    ("call", "Call", "電話"),
    ("meeting", "Meeting", "打ち合わせ"),
    ("unsubscribe", "Unsubscribe", "配信停止"),
]

# Known by an e-mail or by an external id, at least one. Deferred to the commit, because the identity is
# another row. A lead that was merged into another is known by that one.
KNOWN = """
CREATE FUNCTION lead_is_known() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject bigint := CASE TG_TABLE_NAME WHEN 'leads_lead' THEN NEW.id ELSE OLD.lead_id END;
BEGIN
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

CREATE CONSTRAINT TRIGGER lead_is_known AFTER INSERT OR UPDATE OF email, merged_into_id ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.email = '') EXECUTE FUNCTION lead_is_known();
CREATE CONSTRAINT TRIGGER lead_stays_known AFTER UPDATE OF lead_id OR DELETE ON leads_identity
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lead_is_known();

CREATE TRIGGER persona_version_frozen BEFORE UPDATE OR DELETE ON leads_personaversion
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('frozen_at');
"""
UNKNOWN = """
DROP TRIGGER persona_version_frozen ON leads_personaversion;
DROP TRIGGER lead_stays_known ON leads_identity;
DROP TRIGGER lead_is_known ON leads_lead;
DROP FUNCTION lead_is_known();
"""


def make(apps, schema_editor):
    kinds = apps.get_model("leads", "ActivityKind").objects
    for key, name_en, name_ja in KINDS:
        kinds.get_or_create(key=key, defaults={"name_en": name_en, "name_ja": name_ja, "is_built_in": True})


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("history", "0003_frozen")]
    operations = [
        migrations.RunSQL(KNOWN, UNKNOWN),
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
