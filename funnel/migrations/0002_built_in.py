from django.db import migrations

STAGES = [
    ("lead", "Lead", "リード", "marketing", "Known to us, and looked after by marketing.", "当社が把握し、マーケティングが育成しているリード。"),
    ("mql", "MQL", "MQL", "marketing", "Qualified by marketing: meets the agreed definition.", "合意した定義を満たし、マーケティングが有望と認めたリード。"),
    ("sal", "SAL", "SAL", "sales", "Accepted by sales, and being worked.", "営業が受け入れ、対応を始めたリード。"),
    ("sql", "SQL", "SQL", "sales", "Qualified by sales: a need and a talk about it.", "営業が課題と検討を確認したリード。"),
    ("opportunity", "Opportunity", "商談", "sales", "A deal with an amount and an expected close.", "金額と受注予定日のある商談。"),
    ("customer", "Customer", "受注", "sales", "Signed a contract: the goal both teams share.", "契約に至った顧客。両チーム共通の目標。"),
]
# kind, key, English, Japanese, needs a text, closes the journey
REASONS = [
    ("rejected", "not_persona", "Not the persona", "ペルソナに合わない", False, False),
    ("rejected", "no_project", "No project this year", "今年度の計画なし", False, False),
    ("rejected", "in_contact", "Already in contact", "既に接触中", False, False),
    ("rejected", "unreachable", "Cannot be reached", "連絡がつかない", False, False),
    ("rejected", "competitor", "Competitor or student", "競合・学生", False, True),
    ("rejected", "other", "Other", "その他", True, False),
    ("recycled", "timing", "Not the time yet", "時期尚早", False, False),
    ("recycled", "no_answer", "No answer", "応答なし", False, False),
    ("recycled", "budget", "No budget for now", "予算未確保", False, False),
    ("recycled", "other", "Other", "その他", True, False),
    ("disqualified", "competitor", "Competitor or student", "競合・学生", False, True),
    ("disqualified", "no_buyer", "Will never buy", "購入見込みなし", False, True),
    ("disqualified", "wrong_data", "Wrong data", "情報の誤り", False, True),
    ("disqualified", "other", "Other", "その他", True, True),
    ("won", "fit", "Fits the need best", "課題に最も合う", False, False),
    ("won", "price", "Price", "価格", False, False),
    ("won", "trust", "Trust and references", "信頼・実績", False, False),
    ("won", "speed", "Quick to start", "導入の早さ", False, False),
    ("won", "other", "Other", "その他", True, False),
    ("lost", "competitor", "Chose a competitor", "競合を採用", False, False),
    ("lost", "price", "Price", "価格", False, False),
    ("lost", "no_decision", "No decision", "決定に至らず", False, False),
    ("lost", "missing", "Something was missing", "機能不足", False, False),
    ("lost", "timing", "Postponed", "延期", False, False),
    ("lost", "other", "Other", "その他", True, False),
]
FROZEN = """
CREATE TRIGGER definition_frozen BEFORE UPDATE OR DELETE ON funnel_definition
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('frozen_at', 'in_force_from', 'replaced_at', 'qualifies_standing');
"""


def make(apps, schema_editor):
    stages = apps.get_model("funnel", "Stage").objects
    for position, (role, en, ja, team, description, description_ja) in enumerate(STAGES, 1):
        values = {
            "name_en": en, "name_ja": ja, "owner_team": team, "position": position * 10,
            "description": description, "description_ja": description_ja,
        }
        stages.get_or_create(role=role, defaults=values)
    reasons = apps.get_model("funnel", "Reason").objects
    for position, (kind, key, en, ja, needs_text, disqualifies) in enumerate(REASONS, 1):
        values = {
            "name_en": en, "name_ja": ja, "needs_text": needs_text, "disqualifies": disqualifies, "position": position * 10,
        }
        reasons.get_or_create(kind=kind, key=key, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("funnel", "0001_initial"), ("history", "0003_frozen")]
    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
        migrations.RunSQL(FROZEN, "DROP TRIGGER definition_frozen ON funnel_definition"),
    ]
