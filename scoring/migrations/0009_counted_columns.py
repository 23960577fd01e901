"""An update is a change where a column that counts changed, as the models declare."""

from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('scoring', '0008_edits'),
    ]

    operations = [
        operations.RemoveTrigger(
            model_name='score',
            name='note_insert',
        ),
        operations.RemoveTrigger(
            model_name='score',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='score',
            name='note_delete',
        ),
        operations.RemoveTrigger(
            model_name='score',
            name='note_truncate',
        ),
    ]
