"""Weekly reports are kept, and know when they are stale.

Every transaction that changes what numbers are made of leaves its number in `dashboards_ripple` (migration 0003). A
report keeps which transactions it has seen, as PostgreSQL tells it (`pg_current_snapshot`): one that it has not seen
makes it stale. See docs/decisions/stored-numbers-know-when-they-are-stale.md.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.timezone import now

from dashboards.weekly.models import WeeklyReport
from dashboards.weekly.weekly import compute, good_until
from metrics.period import Period

# Nobody may forget ripples while somebody computes a report that has not seen them.
COMPUTING_LOCK = 7_305_004
UNSEEN = """
    EXISTS (
        SELECT 1 FROM dashboards_ripple WHERE NOT pg_visible_in_snapshot(xid, {seen}::pg_snapshot)
        -- A transaction's own changes are in no snapshot: whoever changed something and looks, looks anew.
        OR xid = pg_current_xact_id_if_assigned()
    )
    -- Numbered by another cluster: this one was restored from a copy.
    OR pg_snapshot_xmax({seen}::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
"""
FIND = f"""
    SELECT id, seen = '' OR good_until <= %s OR {UNSEEN.format(seen="NULLIF(seen, '')")}
    FROM dashboards_weeklyreport WHERE monday = %s
"""
# Forget what every report has either seen or is marked stale for.
FORGET = """
    WITH gone AS (DELETE FROM dashboards_ripple WHERE pg_visible_in_snapshot(xid, pg_current_snapshot()) RETURNING xid)
    UPDATE dashboards_weeklyreport SET seen = '' WHERE seen <> ''
        AND EXISTS (SELECT 1 FROM gone WHERE NOT pg_visible_in_snapshot(gone.xid, NULLIF(seen, '')::pg_snapshot))
"""


def report_of(week: Period, *, at: datetime | None = None, anew: bool = False) -> WeeklyReport:
    """Return the week's report, computed again if anything changed since, or when asked for `anew`."""
    at = at or now()
    if not anew and (fresh := fresh_report(week, at)):
        return fresh
    return computed(week, at)


def fresh_report(week: Period, at: datetime) -> WeeklyReport | None:
    """Return the week's report if nothing can have changed since it was computed."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, [at, week.start])
        found = cursor.fetchone()
    if not found or found[1]:
        return None
    return WeeklyReport.objects.filter(pk=found[0], computed_at__lte=at).first()


def computed(week: Period, at: datetime) -> WeeklyReport:
    """Compute and keep it. What is committed meanwhile is not seen, and makes it stale again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COMPUTING_LOCK])
        cursor.execute("SELECT pg_current_snapshot()::text")
        (seen,) = cursor.fetchone()
        values = {
            "numbers": compute(week, at),
            "computed_at": at,
            "seen": seen,
            "good_until": good_until(week, at),
        }
        report, _ = WeeklyReport.objects.update_or_create(monday=week.start, defaults=values)
    return report


def refresh(*, at: datetime | None = None) -> int:
    """Compute this week and the last again where they are stale, and say how many. Safe to run often."""
    at = at or now()
    this = Period.week_of(at)
    stale = [week for week in (this, this.previous()) if fresh_report(week, at) is None]
    for week in stale:
        computed(week, at)
    forget()
    return len(stale)


def forget() -> None:
    """Mark the reports of other weeks that something changed for, and forget what changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COMPUTING_LOCK])
        cursor.execute(FORGET)
