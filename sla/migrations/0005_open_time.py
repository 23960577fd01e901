from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_signatures")]

    operations = [
        migrations.AddField(model_name="timer", name="open_time", field=models.DurationField(null=True)),
    ]
