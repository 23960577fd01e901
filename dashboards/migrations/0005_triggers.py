"""Recorded changes are in `metrics_change` now. Those that a stored report has not seen are carried over.

The old triggers go last, after each app has added its own: no change in between is missed.
"""

from importlib import import_module

import pgtrigger.compiler
import smarketing.database.triggers
from django.db import migrations

from smarketing.database import operations

freshness = import_module("dashboards.migrations.0003_freshness")
WATCHED = (*freshness.WATCHED, "sla_dispute")

CARRY_OVER = "INSERT INTO metrics_change SELECT xid FROM dashboards_ripple ON CONFLICT DO NOTHING"
BACK = "INSERT INTO dashboards_ripple SELECT xid FROM metrics_change ON CONFLICT DO NOTHING"


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0001_changes'),
        ('funnel', '0004_triggers'),
        ('leads', '0010_triggers'),
        ('scoring', '0006_triggers'),
        ('sla', '0010_triggers'),
        ('teams', '0007_triggers'),
        ('dashboards', '0004_disputes_count'),
    ]

    operations = [
        operations.AddTrigger(
            model_name='goal',
            trigger=pgtrigger.compiler.Trigger(name='note_insert', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='26bc7016ffa04e1d884e32f73887580cd1098e6f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_note_insert_9c399', referencing='REFERENCING NEW TABLE AS changed ', table='dashboards_goal', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='goal',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='541387d2a8323c8079d45aa122e3ae18e78678b7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_note_update_4284a', referencing='REFERENCING NEW TABLE AS changed ', table='dashboards_goal', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='goal',
            trigger=pgtrigger.compiler.Trigger(name='note_delete', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='3c53f00fe4f108f982bd172cfff2c767c33b6f60', level='STATEMENT', operation='DELETE', pgid='pgtrigger_note_delete_6df9c', referencing='REFERENCING OLD TABLE AS changed ', table='dashboards_goal', when='AFTER')),
        ),
        operations.AddTrigger(
            model_name='goal',
            trigger=pgtrigger.compiler.Trigger(name='note_truncate', sql=smarketing.database.triggers.CallSql(condition="WHEN (current_setting('metrics.noted', true) IS DISTINCT FROM pg_current_xact_id_if_assigned()::text)", execute='metrics_note_change()', func='', hash='03f55bf1a6c461a862d1dae25022d0834c8be83d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_note_truncate_d6b59', table='dashboards_goal', when='AFTER')),
        ),
        migrations.RunSQL(CARRY_OVER, BACK),
        *(
            migrations.RunSQL(freshness.UNWATCH.format(table=table), freshness.WATCH.format(table=table))
            for table in WATCHED
        ),
        migrations.RunSQL(freshness.FORGET, freshness.NOTE),
    ]
