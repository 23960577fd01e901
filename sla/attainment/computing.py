"""Computing and storing the attainment of every clause, period by period.

A clause's period is judged whole under the version in force at the period's start: a clause of a new version starts
with the next full period, and later versions change nothing of the past. A late fact may: then the value differs from
the one that was decided, and both are shown.

The metric of a clause is queried once for all its periods (cut by week, month or quarter), so recomputing costs one
query a clause and never patches an earlier result: see docs/decisions/0016-attainment-is-asked-anew.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from metrics.period import Period
from sla.agreement.models.clauses import Clause
from sla.attainment.judging import DECIDED, judge, values_by_period
from sla.attainment.models import Attainment
from sla.attainment.periods import JudgedClause, judged_clauses
from sla.attainment.warning import notify_at_risk, notify_failed_clauses
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from smarketing.company import start_of_day
from smarketing.database.isolating import isolate
from smarketing.database.locks import Lock
from smarketing.queue.waking import wake
from teams.models import Organization

# How old the numbers of a running period may be.
MAX_AGE = timedelta(minutes=5)
NEVER = datetime.min.replace(tzinfo=UTC)


def compute(*, at: datetime | None = None, clauses: Iterable[Clause] | None = None, full: bool = False) -> int:
    """Compute the periods that may have changed, of all or some clauses; return how many.

    Running and maturing periods may always have changed, decided ones are computed once a company day, or with `full`.
    Safe to run twice, and by several processes at once.
    """
    at = at or now()
    only = None if clauses is None else {clause.pk for clause in clauses}
    with transaction.atomic():
        Lock.ATTAINMENT.acquire()
        clauses_to_judge = [judged for judged in judged_clauses(at) if only is None or judged.clause.pk in only]
        if full and only is None:
            _delete_orphans(clauses_to_judge)
        computed = _compute_rows(clauses_to_judge, at, full)
        if full and only is None:
            # A request that came while this ran is not served by it.
            Attainment.objects.filter(asked_at__lte=at).update(asked_at=None)
        return computed


def request_computation(*, at: datetime | None = None) -> None:
    """Have everything computed again in the background; the request is stored, in case the queue loses its task."""
    Attainment.objects.update(asked_at=at or now())
    wake(settings.ATTAINMENT_TASK)


def is_computation_requested() -> bool:
    """Whether somebody asked for the numbers to be computed again."""
    return Attainment.objects.filter(asked_at__isnull=False).exists()


def refresh(*, at: datetime | None = None) -> int:
    """Compute what is due: running periods every few minutes, all once a company day or on request.

    Returns how many periods were computed.
    """
    if not _is_any_due(at or now()):
        return 0
    with transaction.atomic():
        Lock.ATTAINMENT.acquire()
        # Whoever waited for others asks again what is left to do.
        at = at or now()
        if is_computation_requested():
            return compute(at=at, full=True)
        due = _due_clauses(at)
        return compute(at=at, clauses=due) if due else 0


def compute_missing(clauses: Callable[[], list[Clause]], *, at: datetime) -> None:
    """Compute the clauses that are missing, asked again once it is our turn.

    While the demo is made, nothing: a period that is over would be decided by the little that was known of it by then.
    """
    if not clauses() or Organization.ours().is_demo_in_the_making:
        return
    with transaction.atomic():
        Lock.ATTAINMENT.acquire()
        if missing := clauses():
            compute(at=at, clauses=missing)


def _is_any_due(at: datetime) -> bool:
    return is_computation_requested() or bool(_due_clauses(at))


def _due_clauses(at: datetime) -> list[Clause]:
    rows = Attainment.objects.values_list("clause", "starts_on", "computed_at")
    computed = {(clause, starts_on): computed_at for clause, starts_on, computed_at in rows}
    return [
        judged.clause
        for judged in judged_clauses(at)
        for period in judged.periods
        if computed.get((judged.clause.pk, period.start), NEVER) <= _stale_until(period, at)
    ]


def _stale_until(period: Period, at: datetime) -> datetime:
    """A computation up to this moment is too old."""
    return at - MAX_AGE if at < period.ends_at else start_of_day(at)


def _compute_rows(judged_clauses: list[JudgedClause], at: datetime, full: bool) -> int:
    stored = _stored_rows(judged_clauses)
    hours = Calendar.default().hours(at=at)
    rows: list[Attainment] = []
    failed: list[JudgedClause] = []
    for judged in judged_clauses:
        clause = judged.clause
        before = {period: stored.get((clause.pk, period.start)) for period in judged.periods}
        stale = [period for period in judged.periods if full or _is_stale(before[period], at)]
        failed += isolate([judged], partial(_judge_periods, rows=rows, stale=stale, before=before, hours=hours, at=at))
    _store(rows)
    notify_at_risk(rows, {judged.clause.pk: judged for judged in judged_clauses}, at)
    notify_failed_clauses([judged.clause for judged in failed], at)
    return len(rows)


def _judge_periods(
    judged_clauses: Sequence[JudgedClause],
    *,
    rows: list[Attainment],
    stale: list[Period],
    before: dict[Period, Attainment | None],
    hours: OpeningHours,
    at: datetime,
) -> None:
    """Judge the stale periods of a clause, and add them to `rows`. A clause that breaks this keeps what it came to."""
    for judged in judged_clauses:
        values = values_by_period(judged.clause, stale, at)
        rows += [judge(judged.clause, period, values.get(period.key), hours, at, before[period]) for period in stale]


def _stored_rows(judged_clauses: list[JudgedClause]) -> dict[tuple[int, date], Attainment]:
    rows = Attainment.objects.filter(clause__in=[judged.clause.pk for judged in judged_clauses])
    return {(row.clause_id, row.starts_on): row for row in rows}


def _is_stale(row: Attainment | None, at: datetime) -> bool:
    """Whether a row must be computed again: undecided ones always, decided ones once a company day."""
    return row is None or row.state not in DECIDED or row.computed_at < start_of_day(at)


def _store(rows: list[Attainment]) -> None:
    values = ["ends_on", "numerator", "denominator", "value", "state", "computed_at", "decided_at", "decided_value"]
    Attainment.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["clause", "starts_on"], update_fields=values
    )


def _delete_orphans(judged_clauses: list[JudgedClause]) -> None:
    """Delete rows of periods that no longer exist, since the company moved to another time zone."""
    current = {(judged.clause.pk, period.start) for judged in judged_clauses for period in judged.periods}
    rows = Attainment.objects.values_list("pk", "clause", "starts_on")
    Attainment.objects.filter(pk__in=[pk for pk, *key in rows if tuple(key) not in current]).delete()
