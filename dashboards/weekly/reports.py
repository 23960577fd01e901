"""Weekly reports are stored, and computed again when they are stale.

A report stores the snapshot of the database that it was computed from; a change outside it that `metrics.changes`
recorded makes it stale. See docs/decisions/0013-stored-numbers-know-when-they-are-stale.md.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.timezone import now

from dashboards.weekly.computing import compute_week, fresh_until
from dashboards.weekly.models import WeeklyReport
from metrics.changes import FORGET, SNAPSHOT, unseen
from metrics.period import Period
from smarketing.database.locks import Lock

FIND_REPORT = f"""
    SELECT id, seen = '' OR good_until <= %s OR {unseen("NULLIF(seen, '')")}
    FROM dashboards_weeklyreport WHERE monday = %s
"""
# Delete the recorded changes, and mark the reports stale that have not seen them.
FORGET_CHANGES = f"""
    WITH gone AS ({FORGET})
    UPDATE dashboards_weeklyreport SET seen = '' WHERE seen <> ''
        AND EXISTS (SELECT 1 FROM gone WHERE NOT pg_visible_in_snapshot(gone.xid, NULLIF(seen, '')::pg_snapshot))
"""


def report_of(week: Period, *, at: datetime | None = None, anew: bool = False) -> WeeklyReport:
    """The week's report; computed if something changed since it was stored, or with `anew`."""
    if not anew and (fresh := fresh_report(week, at or now())):
        return fresh
    return compute_report(week, at, anew=anew)


def fresh_report(week: Period, at: datetime) -> WeeklyReport | None:
    """The stored report, or None if something may have changed since."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_REPORT, [at, week.start])
        found = cursor.fetchone()
    if not found or found[1]:
        return None
    return WeeklyReport.objects.filter(pk=found[0], computed_at__lte=at).first()


def stored_report(week: Period) -> WeeklyReport | None:
    """The report as it was last computed, however long ago that is."""
    return WeeklyReport.objects.filter(monday=week.start).first()


def compute_report(week: Period, at: datetime | None = None, *, anew: bool = False) -> WeeklyReport:
    """Compute and store it, unless somebody for whom we waited just did. Changes that are committed meanwhile make it
    stale again."""
    with transaction.atomic(), connection.cursor() as cursor:
        Lock.REPORTS.acquire()
        at = at or now()
        if not anew and (fresh := fresh_report(week, at)):
            return fresh
        cursor.execute(f"SELECT {SNAPSHOT}")
        (seen,) = cursor.fetchone()
        values = {
            "numbers": compute_week(week, at),
            "computed_at": at,
            "seen": seen,
            "good_until": fresh_until(week, at),
        }
        report, _ = WeeklyReport.objects.update_or_create(monday=week.start, defaults=values)
    return report


def refresh(*, at: datetime | None = None) -> int:
    """Compute the reports of this week and the last if they are stale; return how many. Safe to run often."""
    this = Period.week_of(at or now())
    stale = [week for week in (this, this.previous()) if fresh_report(week, at or now()) is None]
    for week in stale:
        compute_report(week, at)
    forget_changes()
    return len(stale)


def forget_changes() -> None:
    """Mark the stale reports of other weeks, and delete the recorded changes."""
    with transaction.atomic(), connection.cursor() as cursor:
        Lock.REPORTS.acquire()
        cursor.execute(FORGET_CHANGES)
