from django.db import migrations, models

# What is done to leads, what we write down of talks with them, and what they do to be left alone.
NOT_THEIRS = ["call", "meeting", "unsubscribe"]


def mark(apps, schema_editor):
    apps.get_model("leads", "ActivityKind").objects.filter(key__in=NOT_THEIRS).update(is_own_doing=False)


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0012_decimal_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="activitykind",
            name="is_own_doing",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
