"""One clause in one period: its value, its pace, and whether it was met."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from metrics.pace import Pace
from metrics.period import Period
from metrics.question import BadQuestion, Question, View
from metrics.rate import Row
from metrics.registry import Metric, Unit, UnknownMetric, metric
from sla.agreement.models.clauses import Clause
from sla.attainment.models import Attainment
from sla.calendars.hours import OpeningHours

State = Attainment.State
DECIDED = (State.MET, State.MISSED)


def clause_question(clause: Clause, period: Period, at: datetime, *, by: str = "", as_seen: bool = False) -> Question:
    """The question that a clause asks its metric about a period."""
    return Question(
        period,
        from_role=clause.from_role,
        to_role=clause.to_role,
        window_days=clause.window_days,
        filters=clause.filters,
        by=by,
        at=at,
        as_seen=as_seen,
    )


def values_by_period(clause: Clause, periods: list[Period], at: datetime, *, as_seen: bool = False) -> dict[str, Row]:
    """The metric's rows for adjacent periods of a clause, by period key, in one query.

    Empty if the metric no longer exists or no longer takes the question.
    """
    if not periods:
        return {}
    span = Period(periods[0].start, periods[-1].end, periods[0].zone)
    try:
        rows = metric(clause.metric).rows(clause_question(clause, span, at, by=clause.every, as_seen=as_seen))
    except (UnknownMetric, BadQuestion):
        return {}
    return {row.key: row for row in rows}


def judge(
    clause: Clause, period: Period, row: Row | None, hours: OpeningHours, at: datetime, stored: Attainment | None
) -> Attainment:
    """The row to store for a period: as computed now, and as first decided (`stored` is the row so far)."""
    state = clause_state(clause, period, row, hours, at)
    attainment = Attainment(
        clause=clause,
        starts_on=period.start,
        ends_on=period.end,
        numerator=None if row is None else row.numerator,
        denominator=None if row is None else row.denominator,
        value=None if row is None or row.value is None else float(row.value),
        state=state,
        computed_at=at,
        decided_at=stored.decided_at if stored else None,
        decided_value=stored.decided_value if stored else None,
    )
    if state in DECIDED and attainment.decided_at is None:
        attainment.decided_at, attainment.decided_value = at, attainment.value
    return attainment


def stored_row(attainment: Attainment) -> Row:
    """A stored attainment as a row of its metric."""
    denominator = None if attainment.denominator is None else int(attainment.denominator)
    return Row("", int(attainment.numerator or 0), denominator, attainment.value)


def clause_state(clause: Clause, period: Period, row: Row | None, hours: OpeningHours, at: datetime) -> State:
    """Met or missed once the period is over, maturing while leads may still convert, until then by its pace."""
    if row is not None and clause.window_days and not row.mature:
        return State.MATURING
    pace = None if row is None else clause_pace(clause, period, row, hours, at)
    if pace is None:
        return State.NO_DATA
    if at >= period.ends_at:
        return State.MET if pace.is_reached else State.MISSED
    states = {"kept": State.ON_TRACK, "risk": State.AT_RISK, "breached": State.BEHIND}
    return states.get(pace.tone, State.NO_DATA)


def clause_pace(clause: Clause, period: Period, row: Row, hours: OpeningHours, at: datetime) -> Pace | None:
    """The value against its target and the open days passed; None without a value, such as a rate over nothing."""
    value = exact_value(row)
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


def adds_up(metric: Metric) -> bool:
    """Whether its value grows day by day: a count or an amount, but no rate, median or stock."""
    return metric.unit in (Unit.COUNT, Unit.MONEY) and metric.views[0] != View.STOCK


def exact_value(row: Row) -> Decimal | None:
    """The value as a decimal; of a rate, numerator ÷ denominator without rounding to a float."""
    if row.denominator is not None:
        return Decimal(row.numerator) / row.denominator if row.denominator else None
    return None if row.value is None else Decimal(str(row.value))
