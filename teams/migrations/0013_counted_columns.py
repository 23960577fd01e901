"""An update is a change where a column that counts changed, as the models declare."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('teams', '0012_edits'),
    ]

    operations = [
        operations.RemoveTrigger(
            model_name='organization',
            name='note_update',
        ),
        operations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='25d6b3b88355dd460d1cf45c99fb5c720ac0e423', operation='UPDATE', pgid='pgtrigger_note_update_7fcb7', table='teams_organization', when='AFTER')),
        ),
    ]
