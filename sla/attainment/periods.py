"""Which clause is judged in which periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from metrics.period import Period
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause
from teams.models import User

PERIOD_OF = {
    Clause.Every.WEEK: Period.week_of,
    Clause.Every.MONTH: Period.month_of,
    Clause.Every.QUARTER: Period.quarter_of,
}


@dataclass(frozen=True)
class JudgedClause:
    """One clause of one version, with the adjacent periods that are judged under it."""

    clause: Clause
    periods: list[Period]
    # Who is notified when it is at risk.
    owner: User | None


def judged_clauses(at: datetime) -> list[JudgedClause]:
    """All clauses that were in force at the start of a period, with these periods up to the one that `at` lies in."""
    signed = Agreement.objects.filter(in_force_from__lte=at).order_by("in_force_from", "number")
    versions = list(signed.prefetch_related("parties__escalates_to", "clauses__team__head", "clauses__owner"))
    judged = []
    for agreement in versions:
        periods_by_kind = {every: list(_periods_under(agreement, every, at)) for every in PERIOD_OF}
        for clause in agreement.clauses.all():
            if periods := periods_by_kind[Clause.Every(clause.every)]:
                judged.append(JudgedClause(clause, periods, _contact(clause, agreement)))
    return judged


def _contact(clause: Clause, agreement: Agreement) -> User | None:
    """The clause's own owner, else whom its party names, else the head of its team."""
    contacts = [party.escalates_to for party in agreement.parties.all() if party.team_id == clause.team_id]
    return clause.owner or next(filter(None, contacts), None) or clause.team.head


def _periods_under(agreement: Agreement, every: Clause.Every, at: datetime) -> Iterator[Period]:
    """The weeks, months or quarters that start while the agreement is in force, up to the one that `at` lies in."""
    begins, ends = agreement.in_force_from, agreement.replaced_at
    if begins is None:
        return
    period = PERIOD_OF[every](begins)
    while period.starts_at <= at and (ends is None or period.starts_at < ends):
        if period.starts_at >= begins:
            yield period
        period = PERIOD_OF[every](period.end)


def first_period(clause: Clause) -> Period | None:
    """The first whole period under the clause's agreement; None until that is signed."""
    begins = clause.agreement.in_force_from
    if begins is None:
        return None
    period = PERIOD_OF[Clause.Every(clause.every)](begins)
    return period if period.starts_at >= begins else period.next()
