import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_fold_plain_text_quickly")]
    operations = [
        migrations.CreateModel(
            name="EqualRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.UUIDField()),
                ("rows", models.PositiveIntegerField()),
                (
                    "import_job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.import",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("import_job", "digest"), name="equal_rows_are_counted_once")
                ],
            },
        ),
    ]
