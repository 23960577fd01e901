from django.db import migrations, models
from django.db.models import Q

from smarketing.database import operations
from leads.text.phones import e164

MANY = 10_000
SOME = """
SELECT id, phone, country FROM leads_lead WHERE id > %s AND phone <> '' ORDER BY id LIMIT %s
"""
SET = """
UPDATE leads_lead r SET phone_e164 = given.number
FROM unnest(%s::bigint[], %s::text[]) given (lead, number) WHERE given.lead = r.id
"""


def compare(apps, schema_editor):
    """In ranges, each with one statement."""
    ours = apps.get_model("teams", "Organization").objects.values_list("country", flat=True).first() or "JP"
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(SOME, [last, MANY])
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            numbers = {lead: e164(phone, country, ours) for lead, phone, country in rows}
            known = {lead: number for lead, number in numbers.items() if number}
            cursor.execute(SET, [list(known), list(known.values())])


class Migration(migrations.Migration):
    dependencies = [("leads", "0019_more_free_mail"), ("teams", "0001_initial")]
    operations = [
        migrations.AddField(
            "lead",
            "phone_e164",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=20),
        ),
        migrations.RunPython(compare, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        operations.AddIndex(
            "lead", models.Index(condition=~Q(phone_e164=""), fields=["phone_e164"], name="lead_phone")
        ),
    ]
