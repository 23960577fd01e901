from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_equal_rows")]
    operations = [migrations.AddField("import", "headers", models.JSONField(default=list))]
