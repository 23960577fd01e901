import django.db.models.deletion
from django.db import migrations, models

PART = 1024 * 1024
# Each file in parts of one megabyte. What is done with has none.
DIVIDE = f"""
INSERT INTO leads_filepart (import_job_id, number, content)
SELECT id, number, substring(content FROM number * {PART} + 1 FOR {PART})
FROM leads_import, generate_series(0, (octet_length(content) - 1) / {PART}) number
WHERE octet_length(content) > 0
"""
JOIN = """
UPDATE leads_import i SET content = joined.content
FROM (SELECT import_job_id, string_agg(content, ''::bytea ORDER BY number) AS content
      FROM leads_filepart GROUP BY import_job_id) joined
WHERE joined.import_job_id = i.id
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0016_search_variants")]
    operations = [
        migrations.CreateModel(
            name="FilePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "import_job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="leads.import",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("import_job", "number"), name="a_file_has_each_part_once")
                ]
            },
        ),
        migrations.AlterField("import", "content", models.BinaryField(default=b"")),
        migrations.RunSQL(DIVIDE, JOIN),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RemoveField("import", "content"),
    ]
