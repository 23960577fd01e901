"""What a policy lets end a hand-off while its promise runs: one function an action. `reminding` has what tells.

Each is called once for its step, in the transaction that marks the step as taken, with its hand-off locked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction

from funnel.models import Journey
from sla.agreement.models.policies import Step
from sla.escalation.reminding import TOO_LATE
from sla.handoffs.models.handoffs import UNANSWERED, Handoff, about_lead
from sla.handoffs.models.timers import Escalation
from sla.routing.offering import tell_offered
from sla.routing.turns import somebody_else
from teams.models import Notice

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
    params = about_lead(handoff.lead) | {"rep": str(to)}
    about, url = f"handoff {handoff.pk}", f"/leads/{handoff.lead_id}/"
    Notice.objects.tell([handoff.rep], Notice.Kind.REASSIGNED, about=about, params=params, url=url, at=at)
    tell_offered([again], at=at)
    return "reassigned"


def accept(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    handoff.accept_by_default(at=at)
    _tell_ended(handoff, accepted=True, at=at)
    return "accepted"


def withdraw(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    handoff.lapse(at=at)
    _tell_ended(handoff, accepted=False, at=at)
    return "withdrawn"


def _tell_ended(handoff: Handoff, *, accepted: bool, at: datetime) -> None:
    """The rep hears what became of it, and so does whoever leads the team that offered it."""
    params = about_lead(handoff.lead) | {"rep": str(handoff.rep), "accepted": accepted}
    about, lead = f"handoff {handoff.pk}", f"/leads/{handoff.lead_id}/"
    told = [(handoff.rep, f"/inbox/{handoff.pk}/" if accepted else lead), (handoff.hop.offering_team.head, lead)]
    for user, url in told:
        if user is not None:
            Notice.objects.tell([user], Notice.Kind.ENDED, about=about, params=params, url=url, at=at)
