"""Clocks that run on are counted by the hours that their calendar states now, as they were until now: no edit from here
on changes them. Those that were stopped keep what was counted."""

from django.conf import settings
from django.db import migrations
from django.db.models import Q

from smarketing.company import FALLBACK, PLACES


def keep_hours(apps, schema_editor):
    Organization, Calendar, Timer = (
        apps.get_model(app, name) for app, name in (("teams", "Organization"), ("sla", "Calendar"), ("sla", "Timer"))
    )
    zone, country = Organization.objects.filter(pk=1).values_list("time_zone", "country").first() or ("", "")
    zone = settings.COMPANY_TIME_ZONE or zone or FALLBACK
    for calendar in Calendar.objects.all():
        if not any(calendar.windows.values()):
            continue  # Nothing can be counted by it, until somebody has written its hours.
        stated = {
            "windows": calendar.windows,
            "closed": [" ".join(map(str, _span(day))) for day in calendar.days.order_by("day")],
            "country": calendar.country or country,
            "zone": calendar.time_zone or PLACES.get(zone, zone),
        }
        its_own = Q(calendar=None) | Q(calendar=calendar) if calendar.is_default else Q(calendar=calendar)
        Timer.objects.filter(its_own, stopped_at=None, started_with__isnull=True).update(started_with=stated)


def _span(day):
    return [each for each in (day.day, day.closed_from, day.closed_until) if each is not None]


class Migration(migrations.Migration):
    dependencies = [("sla", "0025_hours_of_timers"), ("teams", "0013_counted_columns")]
    operations = [migrations.RunPython(keep_hours, migrations.RunPython.noop, elidable=True)]
