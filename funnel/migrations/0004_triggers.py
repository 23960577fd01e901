"""The triggers of these tables, as their models declare them."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations

OLD = """
DROP TRIGGER definition_frozen ON funnel_definition;
"""
OLD_AGAIN = """
CREATE TRIGGER definition_frozen BEFORE UPDATE OR DELETE ON funnel_definition
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('frozen_at', 'in_force_from', 'replaced_at', 'qualifies_standing');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('history', '0003_frozen'),
        ('metrics', '0001_changes'),
        ('funnel', '0003_clocks'),
    ]

    operations = [
        migrations.RunSQL(OLD, OLD_AGAIN),
        operations.AddTrigger(
            model_name='definition',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=smarketing.database.triggers.CallSql(execute="keep_frozen('frozen_at', 'in_force_from', 'replaced_at', 'qualifies_standing')", func='', hash='0b136d2622772b40daa4ee3f602707072cf542d8', operation='UPDATE OR DELETE', pgid='pgtrigger_frozen_8a38b', table='funnel_definition', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='opportunity',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='8bb085e4bebcf64880d11301c5761e7311289482', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_3e09e', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_opportunity', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='opportunity',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='7679b79cb765bea50ea86658ad75230e84f72d7c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_cf4d5', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_opportunity', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='opportunity',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='c8134835b74c93e174f767821f7974caca75b6a0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_54f5f', referencing='REFERENCING OLD TABLE AS changed ', table='funnel_opportunity', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='opportunity',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='24922e207ed258a1982e17d90ea9ac0fe9f64262', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_abbf0', table='funnel_opportunity', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='reason',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='4ecfb5e2f578205836e640e729081013b2dba8f6', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_d347c', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_reason', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='reason',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='9c2fa87d73ade6ba2ca7e450b860ec19cd338f9b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_83733', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_reason', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='reason',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='8fa3a88a8964335c5e4bb9719ac8459a340f19d4', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_49a2f', referencing='REFERENCING OLD TABLE AS changed ', table='funnel_reason', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='reason',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='f21c4baac951aa292e160ae49b76dda6ea9b78d8', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_d9ced', table='funnel_reason', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='2738b0515078c161935ab5b00b59a30705f8a158', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_bf8fd', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_stage', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='eb4bff9b092957e17cead19f9dfe06b75686bd73', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_83c36', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_stage', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='cede207f4de812c4de40e522c9504abf70939a33', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_b9012', referencing='REFERENCING OLD TABLE AS changed ', table='funnel_stage', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='a658d0dead683c4313deb453151646fd8ff74887', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_3ba57', table='funnel_stage', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='transition',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='492fe79c547fd1ee2d1ba1b952db85bbe8ff5acd', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_93108', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_transition', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='transition',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='bb273c7341675bab5bedd8ca1f31a2b03131cc0e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_7ce02', referencing='REFERENCING NEW TABLE AS changed ', table='funnel_transition', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='transition',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='cd7476e513060a13119b6c12cb46bf726c152bda', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_58dc0', referencing='REFERENCING OLD TABLE AS changed ', table='funnel_transition', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='transition',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='ebceeac7f2697717b28857706973b690e182f158', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_1e106', table='funnel_transition', when='AFTER')),
        ),
    ]
