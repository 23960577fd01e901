from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0007_triggers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(max_length=20),
        ),
        migrations.AlterField(
            model_name='noticechoice',
            name='kind',
            field=models.CharField(max_length=20),
        ),
    ]
