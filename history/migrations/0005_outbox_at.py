import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("history", "0004_events"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outbox",
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["at"], name="outbox_at"),
        ),
    ]
