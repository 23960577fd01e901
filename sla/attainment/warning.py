"""Notifying the owners of clauses at risk, while something can still be done."""

from __future__ import annotations

from datetime import datetime

from sla.agreement.models.clauses import Clause
from sla.attainment.models import Attainment
from sla.attainment.notices import AT_RISK, AtRiskParams, clause_params
from sla.attainment.periods import JudgedClause
from teams.models import Notice, User
from teams.standing_in import stand_in

WARNED_STATES = (Attainment.State.AT_RISK, Attainment.State.BEHIND)


def notify_at_risk(rows: list[Attainment], judged: dict[int, JudgedClause], at: datetime) -> None:
    """Notify the owner of each clause at risk, once a period."""
    clauses = {_notice_subject(row): judged[row.clause_id] for row in rows if row.state in WARNED_STATES}
    notified = Notice.objects.of(AT_RISK).filter(about__in=clauses).values_list("about", flat=True)
    for about in clauses.keys() - set(notified):
        judged_clause = clauses[about]
        if (owner := stand_in(judged_clause.owner)) is not None:
            _notify(owner, judged_clause.clause, about, at)


def _notice_subject(row: Attainment) -> str:
    return f"clause {row.clause.key} {row.starts_on}"


def _notify(user: User, clause: Clause, about: str, at: datetime) -> None:
    params: AtRiskParams = {"key": str(clause.key), "clause": clause_params(clause)}
    Notice.objects.notify([user], AT_RISK, params, about=about, at=at)
