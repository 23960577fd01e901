import django.contrib.postgres.indexes
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ("history", "0004_events"),
    ]

    operations = [
        operations.AddIndex(
            model_name="outbox",
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["at"], name="outbox_at"),
        ),
    ]
