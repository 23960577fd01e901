"""What a policy lets happen while a promise runs: one function an action.

Each is called once for its step, in the transaction that marks the step as taken, with its hand-off locked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from funnel.models import Journey
from sla.models import Escalation, Handoff, Party, Step
from sla.offering import about_lead, tell_offered
from sla.routing import somebody_else
from teams.models import Notice, User


def take(step: Escalation, *, at: datetime) -> str:
    """Take the step, and say in a word what came of it."""
    do = {
        Step.Action.REMIND: remind,
        Step.Action.TELL: tell,
        Step.Action.REASSIGN: reassign,
        Step.Action.ACCEPT: accept,
        Step.Action.WITHDRAW: withdraw,
    }[Step.Action(step.action)]
    try:
        with transaction.atomic():
            return do(step, at=at)
    except (Handoff.Answered, Journey.Moved):
        return "too late"


def remind(step: Escalation, *, at: datetime) -> str:
    # A reminder of what is over helps nobody; whoever was away finds the breach.
    if step.timer.due_at < at:
        return "too late"
    handoff = step.timer.handoff
    _tell(handoff.rep, step, f"/inbox/{handoff.pk}/", at=at)
    return "told"


def tell(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    manager = escalates_to(handoff)
    if manager is None or manager == handoff.rep:
        return "nobody"
    _tell(manager, step, f"/leads/{handoff.lead_id}/", at=at)
    return "told"


def reassign(step: Escalation, *, at: datetime) -> str:
    handoff = step.timer.handoff
    to = somebody_else(handoff, at=at)
    if to is None:
        return "nobody"
    again = handoff.reassign(to, note="Not answered in time.", at=at)
    params = about_lead(handoff.lead) | {"rep": str(to)}
    about, url = f"handoff {handoff.pk}", f"/leads/{handoff.lead_id}/"
    Notice.objects.tell([handoff.rep], Notice.Kind.REASSIGNED, about=about, params=params, url=url, at=at)
    tell_offered([again], at=at)
    return "reassigned"


def accept(step: Escalation, *, at: datetime) -> str:
    step.timer.handoff.accept_by_default(at=at)
    return "accepted"


def withdraw(step: Escalation, *, at: datetime) -> str:
    step.timer.handoff.withdraw(note="Not answered in time.", at=at)
    return "withdrawn"


def escalates_to(handoff: Handoff) -> User | None:
    """Whom the agreement names for the receiving team, or the team's head."""
    party = Party.objects.filter(agreement=handoff.hop.agreement_id, team=handoff.hop.receiving_team_id)
    named = party.select_related("escalates_to").first()
    return (named and named.escalates_to) or handoff.hop.receiving_team.head


def _tell(user: User, step: Escalation, url: str, *, at: datetime) -> None:
    timer = step.timer
    over = timer.due_at <= at
    kind = Notice.Kind.BREACH if over else Notice.Kind.REMINDER
    params = about_lead(timer.handoff.lead) | {"due_at": timer.due_at.isoformat(), "rep": str(timer.handoff.rep)}
    about = f"timer {timer.pk}" if over else f"timer {timer.pk} at {step.percent}"
    Notice.objects.tell([user], kind, about=about, params=params, url=url, at=at)
