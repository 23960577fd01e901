"""An update is a change where a column that counts changed, as the models declare."""

import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('scoring', '0008_edits'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='score',
            name='note_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='score',
            name='note_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='score',
            name='note_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='score',
            name='note_truncate',
        ),
    ]
