import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from history.restoration_table import TABLE_SQL


class Migration(migrations.Migration):

    dependencies = [
        ('history', '0006_leases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # A restore has made the table already, where it brought data that are older.
        migrations.RunSQL(
            TABLE_SQL,
            'DROP TABLE history_restoration',
            state_operations=[
                migrations.CreateModel(
                    name='Restoration',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('backed_up_at', models.DateTimeField()),
                        ('restored_at', models.DateTimeField()),
                        ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                        ('told_at', models.DateTimeField(blank=True, null=True)),
                        ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(
                                models.ExpressionWrapper(models.Q(told_at__isnull=True), output_field=models.BooleanField()),
                                condition=models.Q(told_at=None), name='one_restoration_waits',
                            ),
                            models.CheckConstraint(
                                condition=models.Q(confirmed_at=None, confirmed_by=None)
                                | models.Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                                name='a_copy_is_confirmed_by_somebody',
                            ),
                            models.CheckConstraint(
                                condition=models.Q(told_at=None) | models.Q(confirmed_at__isnull=False),
                                name='told_once_it_is_confirmed',
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
