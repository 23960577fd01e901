"""All kinds of notices of this app, for `sla.apps` and for tests."""

from sla.agreement.notices import IN_FORCE, OUTDATED, SENT_BACK, TO_SIGN
from sla.attainment.notices import AT_RISK, CLAUSE_FAILED
from sla.disputes.notices import DISPUTED, SETTLED
from sla.escalation.notices import BREACH, ENDED, REMINDER
from sla.flow.notices import CATCHING_UP_FAILED, CHECK_FAILED
from sla.handoffs.notices import OFFERED, REJECTED
from sla.reviews.notices import REVIEW_DUE
from sla.routing.notices import NOT_READY, REASSIGNED, UNOFFERED

__all__ = [
    "AT_RISK",
    "BREACH",
    "CATCHING_UP_FAILED",
    "CHECK_FAILED",
    "CLAUSE_FAILED",
    "DISPUTED",
    "ENDED",
    "IN_FORCE",
    "NOT_READY",
    "OFFERED",
    "OUTDATED",
    "REASSIGNED",
    "REJECTED",
    "REMINDER",
    "REVIEW_DUE",
    "SENT_BACK",
    "SETTLED",
    "TO_SIGN",
    "UNOFFERED",
]
