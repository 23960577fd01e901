"""The week says how many disputes wait: what changes one makes its report stale."""

from importlib import import_module

from django.db import migrations

freshness = import_module("dashboards.migrations.0003_freshness")


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0003_freshness"), ("sla", "0008_frozen_promises")]
    operations = [
        migrations.RunSQL(
            freshness.WATCH.format(table="sla_dispute"), freshness.UNWATCH.format(table="sla_dispute")
        )
    ]
