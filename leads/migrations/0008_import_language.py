from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_import_headers")]
    operations = [migrations.AddField("import", "language", models.CharField(blank=True, default="", max_length=8), False)]
