"""An update is a change where a column that counts changed, as the models declare."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('leads', '0023_edits'),
    ]

    operations = [
        operations.RemoveTrigger(
            model_name='campaign',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='import',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='lead',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='personamatch',
            name='note_insert',
        ),
        operations.RemoveTrigger(
            model_name='personamatch',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='personamatch',
            name='note_delete',
        ),
        operations.RemoveTrigger(
            model_name='personamatch',
            name='note_truncate',
        ),
        operations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='8a341c7f6f580d2fb09bfdae14573e6ab724644c', operation='UPDATE', pgid='pgtrigger_note_update_b865d', table='leads_campaign', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='import',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."file_name" IS DISTINCT FROM (NEW."file_name") OR OLD."finished_at" IS DISTINCT FROM (NEW."finished_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."rejected" IS DISTINCT FROM (NEW."rejected"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='2bd7538f12bd3b1da609d032a8f9c488594d4c92', operation='UPDATE', pgid='pgtrigger_note_update_f982d', table='leads_import', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."campaign_id" IS DISTINCT FROM (NEW."campaign_id") OR OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_free_mail" IS DISTINCT FROM (NEW."is_free_mail") OR OLD."merged_at" IS DISTINCT FROM (NEW."merged_at") OR OLD."merged_into_id" IS DISTINCT FROM (NEW."merged_into_id") OR OLD."recorded_at" IS DISTINCT FROM (NEW."recorded_at") OR OLD."source" IS DISTINCT FROM (NEW."source"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='b4829b690e48e96a03a0d18b24e3cbb76e5dc732', operation='UPDATE', pgid='pgtrigger_note_update_2838f', table='leads_lead', when='AFTER')),
        ),
    ]
