"""What every promise came to, period by period: computed in sets, kept, and told before it is missed.

A clause's period is judged whole under the version in force at the period's start; so a clause that a version brings
begins with the next full period, and what a later version says moves nothing of the past. A late fact does: then the
value is another than the one that was decided, and both are shown.

A clause is asked once for all its periods (cut by week, month or quarter), so that asking anew what was asked before
costs a statement and is never a patch of what was known: see docs/decisions/attainment-is-asked-anew.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import override

from metrics.pace import Pace
from metrics.period import Period
from metrics.question import BadQuestion, Question, View
from metrics.rate import Row
from metrics.registry import Metric, Unit, UnknownMetric, metric
from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from sla.attainment.models import Attainment
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from smarketing.company import company_zone
from smarketing.queue.bells import ring
from teams.models import Notice, User

# Two who compute at once would tell twice.
COMPUTING_LOCK = 7_305_006
# While a period runs its numbers are no older than this.
FRESH = timedelta(minutes=5)
State = Attainment.State
DECIDED = (State.MET, State.MISSED)
WORRYING = (State.AT_RISK, State.BEHIND)
KINDS = {
    Clause.Every.WEEK: Period.week_of,
    Clause.Every.MONTH: Period.month_of,
    Clause.Every.QUARTER: Period.quarter_of,
}


def compute(*, at: datetime | None = None, clauses: Iterable[Clause] | None = None, full: bool = False) -> int:
    """Compute the periods that may have changed, of all clauses or of some, and say how many.

    Those under way or still maturing are always among them, those long decided once a company day, or with `full`.
    Safe to run twice, and by many at once.
    """
    at = at or now()
    only = None if clauses is None else {clause.pk for clause in clauses}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COMPUTING_LOCK])
        judged = [one for one in promised(at) if only is None or one.clause.pk in only]
        if full and only is None:
            _forget_others(judged)
        computed = _computed(judged, at, full)
        if full and only is None:
            # What is asked for while this runs has not been seen by it.
            Attainment.objects.filter(asked_at__lte=at).update(asked_at=None)
        return computed


def ask(*, at: datetime | None = None) -> None:
    """Have everything computed again, in the background: marked in the rows, so that no lost bell loses it."""
    Attainment.objects.update(asked_at=at or now())
    ring(settings.ATTAINMENT_TASK)


def is_asked() -> bool:
    """Whether somebody waits for the numbers to be computed again."""
    return Attainment.objects.filter(asked_at__isnull=False).exists()


def refresh(*, at: datetime | None = None) -> int:
    """Compute what is due: what runs every few minutes, everything once a company day or when somebody asked for it.
    Does nothing while fresh."""
    at = at or now()
    if is_asked():
        return compute(at=at, full=True)
    known = Attainment.objects.values_list("clause", "starts_on", "computed_at")
    computed = {(clause, starts_on): computed_at for clause, starts_on, computed_at in known}
    due = [
        one.clause
        for one in promised(at)
        for period in one.periods
        if computed.get((one.clause.pk, period.start), NEVER) <= _good_since(period, at)
    ]
    return compute(at=at, clauses=due) if due else 0


NEVER = datetime.min.replace(tzinfo=UTC)


def _good_since(period: Period, at: datetime) -> datetime:
    """Up to when a computation is too long ago."""
    return at - FRESH if at < period.ends_at else start_of_day(at)


@dataclass(frozen=True)
class Promised:
    """One clause of one version, and the periods that are judged under it, one after the other."""

    clause: Clause
    periods: list[Period]
    # Who is told when it is in danger.
    owner: User | None


def promised(at: datetime) -> list[Promised]:
    """Return every clause that was ever in force at the start of a period, with those periods up to the one of `at`."""
    begun = Agreement.objects.filter(in_force_from__lte=at).order_by("in_force_from", "number")
    versions = list(begun.prefetch_related("parties__escalates_to", "clauses__team__head", "clauses__owner"))
    found: list[Promised] = []
    for agreement in versions:
        of_kind = {every: list(_periods_under(agreement, every, at)) for every in KINDS}
        for clause in agreement.clauses.all():
            if periods := of_kind[Clause.Every(clause.every)]:
                found.append(Promised(clause, periods, _looked_after_by(clause, agreement)))
    return found


def _looked_after_by(clause: Clause, agreement: Agreement) -> User | None:
    """Who looks after the clause; else whom its party named, or the head of its team."""
    named = [party.escalates_to for party in agreement.parties.all() if party.team_id == clause.team_id]
    return clause.owner or next(filter(None, named), None) or clause.team.head


def _periods_under(agreement: Agreement, every: Clause.Every, at: datetime) -> Iterator[Period]:
    """Yield the weeks, months or quarters that begin while the agreement holds, up to the one of `at`."""
    begins, ends = agreement.in_force_from, agreement.replaced_at
    if begins is None:
        return
    period = KINDS[every](begins)
    while period.starts_at <= at and (ends is None or period.starts_at < ends):
        if period.starts_at >= begins:
            yield period
        period = KINDS[every](period.end)


def first_period(clause: Clause) -> Period | None:
    """The first whole period of a clause under its version; None when that is not signed."""
    begins = clause.agreement.in_force_from
    if begins is None:
        return None
    period = KINDS[Clause.Every(clause.every)](begins)
    return period if period.starts_at >= begins else period.next()


def question_of(clause: Clause, period: Period, at: datetime, *, by: str = "") -> Question:
    """What a clause asks its metric."""
    return Question(
        period,
        from_role=clause.from_role,
        to_role=clause.to_role,
        window_days=clause.window_days,
        filters=clause.filters,
        by=by,
        at=at,
    )


def start_of_day(at: datetime) -> datetime:
    zone = company_zone()
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


# Computing


def _computed(judged: list[Promised], at: datetime, full: bool) -> int:
    known = _known(judged)
    hours = Calendar.default().hours(at=at)
    rows = []
    for one in judged:
        asked = [period for period in one.periods if full or _is_stale(known.get((one.clause.pk, period.start)), at)]
        found = answers(one.clause, asked, at)
        rows += [
            _judged(one.clause, period, found.get(period.key), hours, at, known.get((one.clause.pk, period.start)))
            for period in asked
        ]
    _keep(rows)
    _warn(rows, {one.clause.pk: one for one in judged}, at)
    return len(rows)


def _known(judged: list[Promised]) -> dict[tuple[int, date], Attainment]:
    rows = Attainment.objects.filter(clause__in=[one.clause.pk for one in judged])
    return {(row.clause_id, row.starts_on): row for row in rows}


def _is_stale(row: Attainment | None, at: datetime) -> bool:
    """Whether time or a late fact may have changed it: what is undecided always, what is decided once a day."""
    return row is None or row.state not in DECIDED or row.computed_at < start_of_day(at)


def answers(clause: Clause, periods: list[Period], at: datetime) -> dict[str, Row]:
    """The clause's number in each of its periods, by their keys; none that its metric cannot say (any more)."""
    if not periods:
        return {}
    span = Period(periods[0].start, periods[-1].end, periods[0].zone)
    try:
        rows = metric(clause.metric).rows(question_of(clause, span, at, by=clause.every))
    except (UnknownMetric, BadQuestion):
        return {}
    return {row.key: row for row in rows}


def _judged(
    clause: Clause, period: Period, row: Row | None, hours: OpeningHours, at: datetime, before: Attainment | None
) -> Attainment:
    state = state_of(clause, period, row, hours, at)
    made = Attainment(
        clause=clause,
        starts_on=period.start,
        ends_on=period.end,
        numerator=None if row is None else row.numerator,
        denominator=None if row is None else row.denominator,
        value=None if row is None or row.value is None else float(row.value),
        state=state,
        computed_at=at,
        decided_at=before.decided_at if before else None,
        decided_value=before.decided_value if before else None,
    )
    if state in DECIDED and made.decided_at is None:
        made.decided_at, made.decided_value = at, made.value
    return made


def row_of(attained: Attainment) -> Row:
    """What is kept as a line of its metric's answer."""
    denominator = None if attained.denominator is None else int(attained.denominator)
    return Row("", int(attained.numerator or 0), denominator, attained.value)


def state_of(clause: Clause, period: Period, row: Row | None, hours: OpeningHours, at: datetime) -> State:
    """Met or missed once the period is over, maturing until a cohort is old enough, and by its pace till then."""
    if row is not None and clause.window_days and not row.mature:
        return State.MATURING
    pace = None if row is None else pace_of(clause, period, row, hours, at)
    if pace is None:
        return State.NO_DATA
    if at >= period.ends_at:
        return State.MET if pace.is_reached else State.MISSED
    by_tone = {"kept": State.ON_TRACK, "risk": State.AT_RISK, "breached": State.BEHIND}
    return by_tone.get(pace.tone, State.NO_DATA)


def pace_of(clause: Clause, period: Period, row: Row, hours: OpeningHours, at: datetime) -> Pace | None:
    """How the number stands against its target; None where there is no number, as of a rate over nothing."""
    value = exact(row)
    if value is None:
        return None
    today = min(max(at.astimezone(period.zone).date(), period.start), period.end)
    return Pace(
        clause.target,
        value,
        hours.open_days(period.start, period.end),
        hours.open_days(period.start, today),
        adds_up=adds_up(metric(clause.metric)),
        at_most=clause.comparator == Clause.Comparator.AT_MOST,
    )


def adds_up(one: Metric) -> bool:
    """Whether it grows day by day: not a rate, not a median, not how many stand somewhere."""
    return one.unit in (Unit.COUNT, Unit.MONEY) and one.views[0] != View.STOCK


def exact(row: Row) -> Decimal | None:
    """The value without what a float rounds away."""
    if row.denominator is not None:
        return Decimal(row.numerator) / row.denominator if row.denominator else None
    return None if row.value is None else Decimal(str(row.value))


def _keep(rows: list[Attainment]) -> None:
    values = ["ends_on", "numerator", "denominator", "value", "state", "computed_at", "decided_at", "decided_value"]
    Attainment.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["clause", "starts_on"], update_fields=values
    )


def _forget_others(judged: list[Promised]) -> None:
    """What no version in force at its start calls for any more: the company moved to another zone."""
    kept = {(one.clause.pk, period.start) for one in judged for period in one.periods}
    rows = Attainment.objects.values_list("pk", "clause", "starts_on")
    Attainment.objects.filter(pk__in=[pk for pk, *which in rows if tuple(which) not in kept]).delete()


# Telling


def _warn(rows: list[Attainment], judged: dict[int, Promised], at: datetime) -> None:
    """Tell of what is at risk while it can still be helped: whoever looks after it, once a period."""
    worrying = {_about(row): judged[row.clause_id] for row in rows if row.state in WORRYING}
    told = Notice.objects.filter(kind=Notice.Kind.AT_RISK, about__in=worrying).values_list("about", flat=True)
    for about in worrying.keys() - set(told):
        one = worrying[about]
        if one.owner is not None and one.owner.is_active:
            _tell(one.owner, one.clause, about, at)


def _about(row: Attainment) -> str:
    return f"clause {row.clause.key} {row.starts_on}"


def _tell(someone: User, clause: Clause, about: str, at: datetime) -> None:
    with override(someone.language or None):
        params = {"clause": as_text(describe_clause(clause))}
    url = f"/attainment/{clause.key}/"
    Notice.objects.tell([someone], Notice.Kind.AT_RISK, about=about, params=params, url=url, at=at)
