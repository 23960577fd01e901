"""An update is a change where a column that counts changed, as the models declare."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('funnel', '0011_edits'),
    ]

    operations = [
        operations.RemoveTrigger(
            model_name='dealstage',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='opportunity',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='opportunitystep',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='reason',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='stage',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='transition',
            name='note_update',
        ),
        operations.AddTrigger(
            model_name='dealstage',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."position" IS DISTINCT FROM (NEW."position"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='fbb2389cd0a970545fa3b8a5fe71858c4f14118c', operation='UPDATE', pgid='pgtrigger_note_update_961ba', table='funnel_dealstage', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='opportunity',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."expected_close_on" IS DISTINCT FROM (NEW."expected_close_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."lead_id" IS DISTINCT FROM (NEW."lead_id") OR OLD."lost_at" IS DISTINCT FROM (NEW."lost_at") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."reason_id" IS DISTINCT FROM (NEW."reason_id") OR OLD."reopened_at" IS DISTINCT FROM (NEW."reopened_at") OR OLD."stage_id" IS DISTINCT FROM (NEW."stage_id") OR OLD."won_at" IS DISTINCT FROM (NEW."won_at"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='15fc9a2629595f1a74db310f15109f44fac60988', operation='UPDATE', pgid='pgtrigger_note_update_cf4d5', table='funnel_opportunity', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='opportunitystep',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."expected_close_on" IS DISTINCT FROM (NEW."expected_close_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."opportunity_id" IS DISTINCT FROM (NEW."opportunity_id") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."reason_id" IS DISTINCT FROM (NEW."reason_id") OR OLD."recorded_at" IS DISTINCT FROM (NEW."recorded_at") OR OLD."stage_id" IS DISTINCT FROM (NEW."stage_id") OR OLD."what" IS DISTINCT FROM (NEW."what"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='77fae400e22f6c01ae7441a477c03ba811f4453f', operation='UPDATE', pgid='pgtrigger_note_update_299cc', table='funnel_opportunitystep', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='reason',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."disqualifies" IS DISTINCT FROM (NEW."disqualifies") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."position" IS DISTINCT FROM (NEW."position"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='99221e81c968c07a111a6b3b84f70cf2cf1adf6a', operation='UPDATE', pgid='pgtrigger_note_update_83733', table='funnel_reason', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."position" IS DISTINCT FROM (NEW."position") OR OLD."role" IS DISTINCT FROM (NEW."role"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='395a797e9187451cef95a54a0f6aca297e33afd1', operation='UPDATE', pgid='pgtrigger_note_update_83c36', table='funnel_stage', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='transition',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."definition_id" IS DISTINCT FROM (NEW."definition_id") OR OLD."from_stage_id" IS DISTINCT FROM (NEW."from_stage_id") OR OLD."how" IS DISTINCT FROM (NEW."how") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."lead_id" IS DISTINCT FROM (NEW."lead_id") OR OLD."persona_id" IS DISTINCT FROM (NEW."persona_id") OR OLD."quadrant" IS DISTINCT FROM (NEW."quadrant") OR OLD."reason_id" IS DISTINCT FROM (NEW."reason_id") OR OLD."recorded_at" IS DISTINCT FROM (NEW."recorded_at") OR OLD."to_stage_id" IS DISTINCT FROM (NEW."to_stage_id"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='c173ba9238f768a4a91471301d5b49e274d8ec3c', operation='UPDATE', pgid='pgtrigger_note_update_7ce02', table='funnel_transition', when='AFTER')),
        ),
    ]
