import django.contrib.postgres.fields
import integrations.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_more_to_tell'),
    ]

    operations = [
        migrations.AlterField(
            model_name='channel',
            name='kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=integrations.models.usual_in_a_team, size=None, verbose_name='What is told here'),
        ),
    ]
