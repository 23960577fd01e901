"""The steps of a policy that end a hand-off: one function an action. Those that only notify are in `notifying`.

Each is called once for its step, in the transaction that marks the step as done, with the hand-off locked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from funnel.models import Journey
from leads.notices import lead_params
from sla.agreement.models.policies import Step
from sla.escalation.notices import ENDED, EndedParams
from sla.escalation.notifying import TOO_LATE
from sla.handoffs.company_reps import why_two_reps
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.threads import TwoReps
from sla.handoffs.models.timers import Escalation
from sla.handoffs.notices import UNANSWERED
from sla.routing.assignment import next_rep
from sla.routing.notices import REASSIGNED, ReassignedParams
from sla.routing.offering import notify_offered, with_thread
from smarketing.database.isolating import is_nobodys_fault
from teams.models import Notice
from teams.notices import name_params
from teams.people.standing_in import stand_in

log = logging.getLogger(__name__)


def run_steps(steps: Sequence[Escalation], *, at: datetime) -> list[Escalation]:
    """Run each step and set its outcome; return those that failed. They stay due, and the others go on."""
    failed = []
    for step in steps:
        try:
            step.outcome = _run_step(step, at=at)
        except Exception as problem:
            if is_nobodys_fault(problem):
                raise  # the whole batch is rolled back and run again
            log.exception("Step %s of timer %s failed; trying again with the next sweep.", step.pk, step.timer_id)
            failed.append(step)
    return failed


def _run_step(step: Escalation, *, at: datetime) -> str:
    action = {
        Step.Action.REASSIGN: reassign,
        Step.Action.ACCEPT: accept,
        Step.Action.WITHDRAW: withdraw,
    }[Step.Action(step.action)]
    try:
        with transaction.atomic():
            return action(step, at=at)
    except (Handoff.Answered, Journey.Moved):
        return TOO_LATE


def reassign(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    to = next_rep(handoff, at=at)
    if to is None:
        return "nobody"
    two_reps = why_two_reps(handoff, to.pk, TwoReps.UNANSWERED)
    again = handoff.reassign(to, note=UNANSWERED, two_reps=two_reps, at=at)
    params: ReassignedParams = {**lead_params(handoff.lead), "rep": name_params(to), "person": None}
    if told := stand_in(handoff.rep):
        Notice.objects.notify([told], REASSIGNED, params, about=f"handoff {handoff.pk}", at=at)
    notify_offered(with_thread(again), at=at)
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
    """Notify the rep and the head of the offering team of the outcome."""
    params: EndedParams = {
        **lead_params(handoff.lead),
        "handoff": handoff.pk,
        "rep": name_params(handoff.rep),
        "accepted": accepted,
        "page": "lead",
    }
    rep_params: EndedParams = {**params, "page": "handoff" if accepted and handoff.rep.is_active else "lead"}
    head = handoff.hop.offering_team.head
    for user, user_params in ((stand_in(handoff.rep), rep_params), (stand_in(head), params)):
        if user is not None:
            Notice.objects.notify([user], ENDED, user_params, about=f"handoff {handoff.pk}", at=at)
