"""The steps that are there do not say what their leads were: the worker fills that in, up to the last of them."""

from django.db import migrations, models

BEGIN = """
INSERT INTO sla_pastfill (up_to, done_to, from_handoffs, from_history, brought_in, not_known)
SELECT max(id), 0, 0, 0, 0, 0 FROM funnel_transition HAVING max(id) IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('funnel', '0008_kept'),
        ('sla', '0017_half_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='PastFill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('up_to', models.BigIntegerField()),
                ('done_to', models.BigIntegerField(default=0)),
                ('from_handoffs', models.PositiveBigIntegerField(default=0)),
                ('from_history', models.PositiveBigIntegerField(default=0)),
                ('brought_in', models.PositiveBigIntegerField(default=0)),
                ('not_known', models.PositiveBigIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('done_to__lte', models.F('up_to'))), name='no_more_is_filled_than_there_was'), models.CheckConstraint(condition=models.Q(('finished_at', None), ('done_to', models.F('up_to')), _connector='OR'), name='what_is_finished_is_filled_whole')],
            },
        ),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
