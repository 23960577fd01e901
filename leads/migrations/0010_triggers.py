"""The triggers of these tables, as their models declare them."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations

OLD = """
DROP TRIGGER persona_version_frozen ON leads_personaversion;
DROP TRIGGER lead_stays_known ON leads_identity;
DROP TRIGGER lead_is_known ON leads_lead;
"""
OLD_AGAIN = """
CREATE TRIGGER persona_version_frozen BEFORE UPDATE OR DELETE ON leads_personaversion
    FOR EACH ROW EXECUTE FUNCTION keep_frozen('frozen_at');
CREATE CONSTRAINT TRIGGER lead_stays_known AFTER UPDATE OF lead_id OR DELETE ON leads_identity
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lead_is_known();
CREATE CONSTRAINT TRIGGER lead_is_known AFTER INSERT OR UPDATE OF email, merged_into_id ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.email = '') EXECUTE FUNCTION lead_is_known();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('history', '0003_frozen'),
        ('metrics', '0001_changes'),
        ('leads', '0009_agreed_promises'),
    ]

    operations = [
        migrations.RunSQL(OLD, OLD_AGAIN),
        operations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='81bce1f8f48dc9800ed4c7a11c85b2dc0f0c3090', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_045a0', referencing='REFERENCING NEW TABLE AS changed ', table='leads_campaign', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='9ad539d51827016469d1b154087d0d09f15f7e6e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_b865d', referencing='REFERENCING NEW TABLE AS changed ', table='leads_campaign', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='7f787d75226dd649942b347ee8fe4e4325aab1b4', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_612ba', referencing='REFERENCING OLD TABLE AS changed ', table='leads_campaign', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='79300d2c84cb374075d4c7ceaefb4e2199041260', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_50848', table='leads_campaign', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='identity',
            trigger=pgtrigger.compiler.Trigger(name='lead_stays_known', sql=smarketing.database.triggers.CallSql(constraint='CONSTRAINT', execute='lead_is_known()', func='', hash='d8b565f85efd2caadd8d26f0ca13ec62d5553292', operation='UPDATE OF "lead_id" OR DELETE', pgid='pgtrigger_lead_stays_known_adb57', table='leads_identity', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='import',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='bdd656a1da8ccc0c5c9b775ebac4bc1f41b42dd6', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_d7712', referencing='REFERENCING NEW TABLE AS changed ', table='leads_import', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='import',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='2dafb8ae950ef8d7f9838e881c971347a7aec030', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_f982d', referencing='REFERENCING NEW TABLE AS changed ', table='leads_import', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='import',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='2798f5152a669e3f00a44a43f6c7a702f7763554', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_11620', referencing='REFERENCING OLD TABLE AS changed ', table='leads_import', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='import',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='d139a7d074e40515ce1463640c5fddc25e85a8b0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_699be', table='leads_import', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='d33d9e5d6eb77695e7e8a182f69da34d3c10d85b', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_778fe', referencing='REFERENCING NEW TABLE AS changed ', table='leads_lead', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='a7c39004e3ac41eec09cc98870fbffe82100cd7b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_2838f', referencing='REFERENCING NEW TABLE AS changed ', table='leads_lead', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='122f2cb1a46d392efbe7c7a02733ac3c5d6622c8', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_b866c', referencing='REFERENCING OLD TABLE AS changed ', table='leads_lead', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='a5792a2202434a9d1881c4bbabe6e9566c8a48b8', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_60fc5', table='leads_lead', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='lead',
            trigger=pgtrigger.compiler.Trigger(name='lead_is_known', sql=smarketing.database.triggers.CallSql(condition="WHEN (NEW.email = '')", constraint='CONSTRAINT', execute='lead_is_known()', func='', hash='523f25ad19e548663a46738813b502566ea18f5b', operation='INSERT OR UPDATE OF "email", "merged_into_id"', pgid='pgtrigger_lead_is_known_741b2', table='leads_lead', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='personamatch',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='078e65beeffb0d09570e9ad93787846c0fa0d460', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_c141f', referencing='REFERENCING NEW TABLE AS changed ', table='leads_personamatch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='personamatch',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='7c2ede279f7928fb23784356f33ab3902b10c246', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_e31d6', referencing='REFERENCING NEW TABLE AS changed ', table='leads_personamatch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='personamatch',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='61bfeaf5035205a26c8536871edf9c42e80f8d1f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_bf2f4', referencing='REFERENCING OLD TABLE AS changed ', table='leads_personamatch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='personamatch',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='dae8ed3e8f69e34869a85d54eac144d485951c48', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_145aa', table='leads_personamatch', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='personaversion',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=smarketing.database.triggers.CallSql(execute="keep_frozen('frozen_at')", func='', hash='9a5d478e152cf45499a201876c3f2ff946823532', operation='UPDATE OR DELETE', pgid='pgtrigger_frozen_4be61', table='leads_personaversion', when='BEFORE')),
        ),
    ]
