"""An update is a change where a column that counts changed, as the models declare."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('dashboards', '0008_edits'),
    ]

    operations = [
        operations.RemoveTrigger(
            model_name='goal',
            name='note_update',
        ),
        operations.AddTrigger(
            model_name='goal',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."ends_on" IS DISTINCT FROM (NEW."ends_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."measure" IS DISTINCT FROM (NEW."measure") OR OLD."starts_on" IS DISTINCT FROM (NEW."starts_on") OR OLD."target" IS DISTINCT FROM (NEW."target"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='4ee74ba7b75c46c7f5a3e72d264404432f24edb7', operation='UPDATE', pgid='pgtrigger_note_update_4284a', table='dashboards_goal', when='AFTER')),
        ),
    ]
