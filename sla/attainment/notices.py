"""Notices about clauses: one is at risk, while something can still be done; one cannot be computed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.agreement.document.clauses import describe_clause
from sla.agreement.document.lines import as_text
from sla.agreement.models.clauses import Clause
from teams.notices import NoticeKind, Page, register
from teams.permissions import ADMINISTERING, ANSWERING, MARKETING


class ClauseParams(TypedDict):
    """What a notice stores of a clause, to describe it in the reader's language. A signed clause is never edited."""

    metric: str
    comparator: str
    target: str
    every: str
    from_role: str
    to_role: str
    window_days: int | None
    filters: dict[str, str]


def clause_params(clause: Clause) -> ClauseParams:
    return {
        "metric": clause.metric,
        "comparator": clause.comparator,
        "target": str(clause.target),
        "every": clause.every,
        "from_role": clause.from_role,
        "to_role": clause.to_role,
        "window_days": clause.window_days,
        "filters": clause.filters,
    }


class KnownClauseParams(TypedDict):
    # Of the clause in every version of the agreement.
    key: str
    clause: ClauseParams


def describe_at_risk(params: KnownClauseParams) -> str:
    return _("At risk: %(clause)s") % {"clause": describe_stored_clause(params["clause"])}


def describe_clause_failed(params: KnownClauseParams) -> str:
    clause = describe_stored_clause(params["clause"])
    return _("This promise cannot be computed, the others can; the server's log says why: %(clause)s") % {
        "clause": clause
    }


def describe_stored_clause(stored: ClauseParams | str) -> str:
    """The sentence of the clause. Older notices stored the finished sentence instead of its parameters."""
    if isinstance(stored, str):
        return stored
    fields: dict[str, Any] = {**stored, "target": Decimal(stored["target"])}
    return as_text(describe_clause(Clause(**fields)))


CLAUSE_PAGE = Page("attainment_clause", ["key"])
CLAUSE_EXAMPLE: KnownClauseParams = {
    "key": "7d0fb84a-5f2f-4ac6-9b0d-7f6f0c0f7c11",
    "clause": {
        "metric": "answered_in_time",
        "comparator": ">=",
        "target": "0.9",
        "every": "month",
        "from_role": "",
        "to_role": "",
        "window_days": 90,
        "filters": {},
    },
}

AT_RISK = register(
    NoticeKind[KnownClauseParams](
        "at_risk",
        gettext_lazy("A promise is at risk"),
        params=KnownClauseParams,
        sentence=describe_at_risk,
        icon="attainment",
        pages=[CLAUSE_PAGE],
        roles=MARKETING | ANSWERING,
        to_heads=True,
        in_team_chat=True,
        example=CLAUSE_EXAMPLE,
    )
)
CLAUSE_FAILED = register(
    NoticeKind[KnownClauseParams](
        "clause_failed",
        gettext_lazy("A promise cannot be computed"),
        params=KnownClauseParams,
        sentence=describe_clause_failed,
        icon="warning",
        pages=[CLAUSE_PAGE],
        roles=ADMINISTERING,
        example=CLAUSE_EXAMPLE,
    )
)
