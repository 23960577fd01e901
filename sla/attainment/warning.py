"""Notifying the owners of clauses at risk, while something can still be done, and the administrators of broken ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sla.agreement.models.clauses import Clause
from sla.attainment.models import Attainment
from sla.attainment.notices import AT_RISK, CLAUSE_FAILED, KnownClauseParams, clause_params
from sla.attainment.periods import JudgedClause
from teams.models import Notice, User
from teams.people.standing_in import stand_in

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
    Notice.objects.notify([user], AT_RISK, _params(clause), about=about, at=at)


def notify_failed_clauses(clauses: Sequence[Clause], at: datetime) -> None:
    """Notify the administrators of clauses that cannot be computed, once a clause and company day."""
    failures = [(f"clause {clause.key}", _params(clause)) for clause in clauses]
    Notice.objects.notify_administrators(CLAUSE_FAILED, failures, at=at)


def _params(clause: Clause) -> KnownClauseParams:
    return {"key": str(clause.key), "clause": clause_params(clause)}
