"""The triggers of these tables, as their models declare them."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations

OLD = """
DROP TRIGGER score_model_frozen ON scoring_scoremodel;
DROP TRIGGER fit_rule_frozen ON scoring_fitrule;
DROP TRIGGER interest_rule_frozen ON scoring_interestrule;
"""
OLD_AGAIN = """
CREATE TRIGGER score_model_frozen BEFORE UPDATE OR DELETE ON scoring_scoremodel
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('published_at', 'in_force_from', 'replaced_at');
CREATE TRIGGER fit_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON scoring_fitrule
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at');
CREATE TRIGGER interest_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON scoring_interestrule
    FOR EACH ROW EXECUTE FUNCTION keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('history', '0003_frozen'),
        ('metrics', '0001_changes'),
        ('scoring', '0005_named_rules'),
    ]

    operations = [
        migrations.RunSQL(OLD, OLD_AGAIN),
        operations.AddTrigger(
            model_name='fitrule',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_model', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at')", func='', hash='5569083cd01e4fba00710b4e852779789050f078', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_model_95b6c', table='scoring_fitrule', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='interestrule',
            trigger=pgtrigger.compiler.Trigger(name='frozen_with_model', sql=smarketing.database.triggers.CallSql(execute="keep_children_frozen('scoring_scoremodel', 'model_id', 'published_at')", func='', hash='50e82f0495b4dcc74a07bc64e46471da2ca6d3ff', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_frozen_with_model_38154', table='scoring_interestrule', when='BEFORE')),
        ),
        operations.AddTrigger(
            model_name='score',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='cea7abcf7ee2a3bec4b0a0cc4b9ab8c8b4e9951e', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_3fe00', referencing='REFERENCING NEW TABLE AS changed ', table='scoring_score', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='score',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='22b76a372ce37830d187814f7757fb8916fa2c24', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_45631', referencing='REFERENCING NEW TABLE AS changed ', table='scoring_score', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='score',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='aeb295f5a7c9a1d4c6c6f3027650b856967568a2', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_7ddc2', referencing='REFERENCING OLD TABLE AS changed ', table='scoring_score', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='score',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='63fb90f887f2c23e91bd5eddee56f7b6f8572baf', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_de352', table='scoring_score', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='scoremodel',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=smarketing.database.triggers.CallSql(execute="keep_frozen('published_at', 'in_force_from', 'replaced_at')", func='', hash='e6fcfea70d32d52f9e758a8f0e66064264087f67', operation='UPDATE OR DELETE', pgid='pgtrigger_frozen_66944', table='scoring_scoremodel', when='BEFORE')),
        ),
    ]
