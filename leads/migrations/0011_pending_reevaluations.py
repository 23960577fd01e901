from django.db import migrations


class Migration(migrations.Migration):
    """The model is called otherwise; its table stays."""

    dependencies = [
        ("leads", "0010_triggers"),
    ]

    operations = [
        migrations.AlterModelTable(name="stalelead", table="leads_stalelead"),
        migrations.RenameModel(old_name="StaleLead", new_name="PendingReevaluation"),
    ]
