"""The triggers of these tables, as their models declare them."""

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0001_changes'),
        ('teams', '0006_more_to_tell'),
    ]

    operations = [
        operations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='d4ca035283ff53016f5cb7f5cfa6b11ff7ddbe25', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_c1615', referencing='REFERENCING NEW TABLE AS changed ', table='teams_organization', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='5cdf7f9e9056d93f7b6b1d28db470635e5290fd2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_7fcb7', referencing='REFERENCING NEW TABLE AS changed ', table='teams_organization', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='64eaa79eaf9e3e4723bba2d4035960d7bced6e29', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_579a3', referencing='REFERENCING OLD TABLE AS changed ', table='teams_organization', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='cdd4628afd1330ff1c6454cefcfff88b5c8d4516', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_fa688', table='teams_organization', when='AFTER')),
        ),
    ]
