from django.db import migrations

from leads.text.free_mail import FREE_MAIL

# Providers that a list that is kept up knows beside our own.
MARK = """
UPDATE leads_lead SET is_free_mail = true
WHERE NOT is_free_mail AND email <> '' AND split_part(email_key, '@', -1) = ANY(%s)
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0018_company_core")]
    operations = [migrations.RunSQL([(MARK, [sorted(FREE_MAIL)])], migrations.RunSQL.noop)]
