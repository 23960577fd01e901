"""Facts known only to the day keep it beside their moment. Of what is there already, no day is known."""

from django.db import migrations, models

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('funnel', '0013_iso_decimals'),
    ]

    operations = [
        migrations.AddField(
            model_name='opportunity',
            name='lost_on',
            field=models.DateField(editable=False, null=True, verbose_name='Lost on'),
        ),
        migrations.AddField(
            model_name='opportunity',
            name='opened_on',
            field=models.DateField(editable=False, null=True, verbose_name='Opened on'),
        ),
        migrations.AddField(
            model_name='opportunity',
            name='won_on',
            field=models.DateField(editable=False, null=True, verbose_name='Won on'),
        ),
        migrations.AddField(
            model_name='opportunitystep',
            name='day',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='transition',
            name='day',
            field=models.DateField(null=True),
        ),
        operations.AddConstraint(
            model_name='opportunity',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('opened_on', None), ('opened_at__isnull', False), _connector='OR'), models.Q(('won_on', None), ('won_at__isnull', False), _connector='OR'), models.Q(('lost_on', None), ('lost_at__isnull', False), _connector='OR')), name='a_day_stands_beside_its_moment'),
        ),
    ]
