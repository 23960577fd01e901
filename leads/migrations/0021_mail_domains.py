from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_phone_e164")]
    operations = [
        migrations.CreateModel(
            name="MailDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(max_length=253, unique=True, verbose_name="Domain")),
                ("is_free", models.BooleanField(verbose_name="Free-mail address")),
            ],
        )
    ]
