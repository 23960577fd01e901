"""What a policy lets end a hand-off while its promise runs: one function an action. `reminding` has what tells.

Each is called once for its step, in the transaction that marks the step as taken, with its hand-off locked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction

from funnel.models import Journey
from leads.notices import lead_params
from sla.agreement.models.policies import Step
from sla.escalation.notices import ENDED, EndedParams
from sla.escalation.reminding import TOO_LATE
from sla.handoffs.models.handoffs import UNANSWERED, Handoff
from sla.handoffs.models.timers import Escalation
from sla.routing.notices import REASSIGNED, ReassignedParams
from sla.routing.offering import notify_offered
from sla.routing.turns import somebody_else
from teams.models import Notice
from teams.notices import name_params

log = logging.getLogger(__name__)


def end(steps: Sequence[Escalation], *, at: datetime) -> list[Escalation]:
    """Take each step and keep its outcome in it; return those that broke. They stay due, and hold up no other."""
    failed = []
    for step in steps:
        try:
            step.outcome = _end(step, at=at)
        except OperationalError:
            raise  # of the database itself: the whole batch is done again
        except Exception:
            log.exception("Step %s of clock %s failed; trying again with the next sweep.", step.pk, step.timer_id)
            failed.append(step)
    return failed


def _end(step: Escalation, *, at: datetime) -> str:
    end = {
        Step.Action.REASSIGN: reassign,
        Step.Action.ACCEPT: accept,
        Step.Action.WITHDRAW: withdraw,
    }[Step.Action(step.action)]
    try:
        with transaction.atomic():
            return end(step, at=at)
    except (Handoff.Answered, Journey.Moved):
        return TOO_LATE


def reassign(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    to = somebody_else(handoff, at=at)
    if to is None:
        return "nobody"
    again = handoff.reassign(to, note=UNANSWERED, at=at)
    params: ReassignedParams = {**lead_params(handoff.lead), "rep": name_params(to), "person": None}
    Notice.objects.notify([handoff.rep], REASSIGNED, params, about=f"handoff {handoff.pk}", at=at)
    notify_offered([again], at=at)
    return "reassigned"


def accept(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    handoff.accept_by_default(at=at)
    _notify_ended(handoff, accepted=True, at=at)
    return "accepted"


def withdraw(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    handoff.lapse(at=at)
    _notify_ended(handoff, accepted=False, at=at)
    return "withdrawn"


def _notify_ended(handoff: Handoff, *, accepted: bool, at: datetime) -> None:
    """The rep hears what became of it, and so does whoever leads the team that offered it."""
    params: EndedParams = {
        **lead_params(handoff.lead),
        "handoff": handoff.pk,
        "rep": name_params(handoff.rep),
        "accepted": accepted,
        "page": "lead",
    }
    rep_params: EndedParams = {**params, "page": "handoff" if accepted else "lead"}
    for user, told in ((handoff.rep, rep_params), (handoff.hop.offering_team.head, params)):
        if user is not None:
            Notice.objects.notify([user], ENDED, told, about=f"handoff {handoff.pk}", at=at)
