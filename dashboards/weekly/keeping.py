"""A week that is over is kept as it was seen at its end: of what we had been told by then, computed once.

Whenever it is computed, its numbers are the same: what is told later stands beside them. Weeks before the first day of
use are shown as of today; nobody saw them. See docs/decisions/0028-two-moments-of-a-fact.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from dashboards.weekly.computing import compute_week
from dashboards.weekly.models import KeptWeek
from dashboards.weekly.promises import compute_promises
from leads.models import Lead
from metrics.period import Period
from smarketing.database.locks import Lock
from teams.models import Organization

# So many weeks that were missed are made up for in one go.
MOST = 4


def kept_week(week: Period, *, at: datetime | None = None) -> KeptWeek | None:
    """The week as it was seen at its end, computed if nobody did yet. None while it runs, and before the first use."""
    at = at or now()
    if at < week.ends_at:
        return None
    return KeptWeek.objects.filter(monday=week.start).first() or _keep(week, at)


def _keep(week: Period, at: datetime) -> KeptWeek | None:
    first = first_use()
    if first is None or week.ends_at <= first:
        return None
    with transaction.atomic():
        Lock.REPORTS.acquire()
        kept = KeptWeek.objects.filter(monday=week.start).first()
        return kept or KeptWeek.objects.create(
            monday=week.start, numbers=_seen_numbers(week), seen_at=week.ends_at, kept_at=at
        )


def _seen_numbers(week: Period) -> dict[str, Any]:
    numbers = compute_week(week, week.ends_at, as_seen=True)
    return {**numbers, "promises": compute_promises(week, week.ends_at)}


def first_use() -> datetime | None:
    """When we were told of the first lead. None while the demo is made: a week kept by then would lack most of it."""
    if Organization.ours().is_demo_in_the_making:
        return None
    return Lead.objects.order_by("pk").values_list("recorded_at", flat=True).first()


def keep_missing(*, at: datetime | None = None) -> int:
    """Keep the weeks that ended since the first use, the last first; return how many were. Safe to run often."""
    at, first = at or now(), first_use()
    if first is None:
        return 0
    week, due = Period.week_of(at).previous(), list[Period]()
    known = set(KeptWeek.objects.values_list("monday", flat=True))
    while week.ends_at > first and len(due) < MOST:
        if week.start not in known:
            due.append(week)
        week = week.previous()
    return sum(_keep(each, at) is not None for each in due)
