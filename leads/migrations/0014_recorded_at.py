"""When we were told of leads and companies: as far as we know, when they were made. `funnel` knows more of leads that
a file dated back."""

from django.db import migrations, models
from django.db.models.functions import Now

from smarketing.database import operations
from history.recording import RecordedAt


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0013_own_doings"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="recorded_at",
            field=RecordedAt(db_default=Now(), editable=False, of="created_at"),
        ),
        migrations.AddField(
            model_name="lead",
            name="recorded_at",
            field=RecordedAt(db_default=Now(), editable=False, of="created_at"),
        ),
        migrations.RunSQL("UPDATE leads_company SET recorded_at = created_at", migrations.RunSQL.noop),
        migrations.RunSQL("UPDATE leads_lead SET recorded_at = created_at", migrations.RunSQL.noop),
        operations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(created_at__lte=models.F("recorded_at")), name="company_is_told_when_it_is_there"
            ),
        ),
        operations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(created_at__lte=models.F("recorded_at")), name="lead_is_told_when_it_is_there"
            ),
        ),
    ]
