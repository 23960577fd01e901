"""An update is a change where a column that counts changed, as the models declare."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0002_by_row'),
        ('sla', '0021_edits'),
    ]

    operations = [
        operations.RemoveTrigger(
            model_name='agreement',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='calendar',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='calendarday',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='dispute',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='handoff',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='hop',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='policy',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='signature',
            name='note_insert',
        ),
        operations.RemoveTrigger(
            model_name='signature',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='signature',
            name='note_delete',
        ),
        operations.RemoveTrigger(
            model_name='signature',
            name='note_truncate',
        ),
        operations.RemoveTrigger(
            model_name='timer',
            name='note_update',
        ),
        operations.RemoveTrigger(
            model_name='touch',
            name='note_update',
        ),
        operations.AddTrigger(
            model_name='agreement',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."in_force_from" IS DISTINCT FROM (NEW."in_force_from") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at") OR OLD."replaced_at" IS DISTINCT FROM (NEW."replaced_at"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='832cf73cf885298c03361fd2985716c78c6e8f9f', operation='UPDATE', pgid='pgtrigger_note_update_e4309', table='sla_agreement', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendar',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."country" IS DISTINCT FROM (NEW."country") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_default" IS DISTINCT FROM (NEW."is_default") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone") OR OLD."windows" IS DISTINCT FROM (NEW."windows"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='c38b06f9cd35459c6c085d2b7b9953159bd9dad7', operation='UPDATE', pgid='pgtrigger_note_update_e5fab', table='sla_calendar', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='calendarday',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."calendar_id" IS DISTINCT FROM (NEW."calendar_id") OR OLD."closed_from" IS DISTINCT FROM (NEW."closed_from") OR OLD."closed_until" IS DISTINCT FROM (NEW."closed_until") OR OLD."day" IS DISTINCT FROM (NEW."day") OR OLD."id" IS DISTINCT FROM (NEW."id"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='bede542fbc3ceb9f89a3fa90f3a9972af72a16b4', operation='UPDATE', pgid='pgtrigger_note_update_a9c5a', table='sla_calendarday', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='dispute',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."handoff_id" IS DISTINCT FROM (NEW."handoff_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."settled_at" IS DISTINCT FROM (NEW."settled_at") OR OLD."upheld" IS DISTINCT FROM (NEW."upheld"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='3db957e2c89097d2142cddf66235fcb78d6f65f1', operation='UPDATE', pgid='pgtrigger_note_update_66618', table='sla_dispute', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='handoff',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."answer" IS DISTINCT FROM (NEW."answer") OR OLD."answered_at" IS DISTINCT FROM (NEW."answered_at") OR OLD."given_up_at" IS DISTINCT FROM (NEW."given_up_at") OR OLD."hop_id" IS DISTINCT FROM (NEW."hop_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."lead_id" IS DISTINCT FROM (NEW."lead_id") OR OLD."named_persona_id" IS DISTINCT FROM (NEW."named_persona_id") OR OLD."offered_at" IS DISTINCT FROM (NEW."offered_at") OR OLD."persona_id" IS DISTINCT FROM (NEW."persona_id") OR OLD."policy_id" IS DISTINCT FROM (NEW."policy_id") OR OLD."quadrant" IS DISTINCT FROM (NEW."quadrant") OR OLD."reason_id" IS DISTINCT FROM (NEW."reason_id") OR OLD."rep_id" IS DISTINCT FROM (NEW."rep_id") OR OLD."replaces_id" IS DISTINCT FROM (NEW."replaces_id") OR OLD."transition_id" IS DISTINCT FROM (NEW."transition_id") OR OLD."verdict" IS DISTINCT FROM (NEW."verdict"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='d07959568d50a62dc0c75e639c6666d2c8aeedad', operation='UPDATE', pgid='pgtrigger_note_update_0ff4e', table='sla_handoff', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='hop',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."accepted_stage_id" IS DISTINCT FROM (NEW."accepted_stage_id") OR OLD."agreement_id" IS DISTINCT FROM (NEW."agreement_id") OR OLD."from_stage_id" IS DISTINCT FROM (NEW."from_stage_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."offering_team_id" IS DISTINCT FROM (NEW."offering_team_id") OR OLD."receiving_team_id" IS DISTINCT FROM (NEW."receiving_team_id") OR OLD."rejected_stage_id" IS DISTINCT FROM (NEW."rejected_stage_id"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='faadd36ec150d6311a0836d71fd03d2f4f5d8820', operation='UPDATE', pgid='pgtrigger_note_update_8b7a0', table='sla_hop', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."agreement_id" IS DISTINCT FROM (NEW."agreement_id") OR OLD."answer_within" IS DISTINCT FROM (NEW."answer_within") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."persona_id" IS DISTINCT FROM (NEW."persona_id") OR OLD."quadrant" IS DISTINCT FROM (NEW."quadrant") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."stage_id" IS DISTINCT FROM (NEW."stage_id") OR OLD."touch_within" IS DISTINCT FROM (NEW."touch_within") OR OLD."touches" IS DISTINCT FROM (NEW."touches"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='b0c3d040ca5f3057aafba7a170ee84d479e49af0', operation='UPDATE', pgid='pgtrigger_note_update_ad6b2', table='sla_policy', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."due_at" IS DISTINCT FROM (NEW."due_at") OR OLD."handoff_id" IS DISTINCT FROM (NEW."handoff_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kept_at" IS DISTINCT FROM (NEW."kept_at") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."open_time" IS DISTINCT FROM (NEW."open_time") OR OLD."stopped_at" IS DISTINCT FROM (NEW."stopped_at"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='91be08cbba4ea0b67b1d005e8987aba926381a63', operation='UPDATE', pgid='pgtrigger_note_update_f9639', table='sla_timer', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='touch',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition='WHEN (((OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."handoff_id" IS DISTINCT FROM (NEW."handoff_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_contact" IS DISTINCT FROM (NEW."is_contact"))) AND current_setting(\'metrics.noted\', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)', execute='metrics_note_change()', func='', hash='64ee3524723292a5465974ae2786334fe5563a25', operation='UPDATE', pgid='pgtrigger_note_update_fdfab', table='sla_touch', when='AFTER')),
        ),
    ]
