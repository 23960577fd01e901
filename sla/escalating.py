"""What a policy lets happen while a promise runs: one function an action.

Each is called once for its step, in the transaction that marks the step as taken, with its hand-off locked. Telling
changes nothing: what is to be told is gathered, and written at the end of the batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction

from funnel.models import Journey
from sla.models import Escalation, Handoff, Party, Step, Timer
from sla.models.handoffs import UNANSWERED
from sla.offering import about_lead, tell_offered
from sla.routing import somebody_else
from teams.models import Notice, User

log = logging.getLogger(__name__)

TOO_LATE = "too late"


class Batch:
    """Steps that have come, in their order: what they told, and what came of each."""

    def __init__(self, *, at: datetime) -> None:
        self.at = at
        self.notices: list[Notice] = []
        self.failed: list[Escalation] = []
        self._managers: dict[tuple[int, int], User | None] = {}

    def take(self, steps: Sequence[Escalation]) -> None:
        """Take each step and keep its outcome in it. One that breaks stays due, and holds up no other."""
        for step in steps:
            try:
                step.outcome = self._take(step)
            except OperationalError:
                raise  # of the database itself: the whole batch is done again
            except Exception:
                log.exception("Step %s of clock %s failed; trying again with the next sweep.", step.pk, step.timer_id)
                self.failed.append(step)
        Notice.objects.bulk_create(self.notices, ignore_conflicts=True)

    def _take(self, step: Escalation) -> str:
        action = Step.Action(step.action)
        if action == Step.Action.REMIND:
            return self.remind(step)
        if action == Step.Action.TELL:
            return self.tell(step)
        end = {
            Step.Action.REASSIGN: reassign,
            Step.Action.ACCEPT: accept,
            Step.Action.WITHDRAW: withdraw,
        }[action]
        try:
            with transaction.atomic():
                return end(step, at=self.at)
        except (Handoff.Answered, Journey.Moved):
            return TOO_LATE

    def remind(self, step: Escalation) -> str:
        # A reminder that it falls due helps nobody once it has; whoever was away finds the breach.
        if step.percent < 100 and step.timer.due_at < self.at:
            return TOO_LATE
        self._tell(step.timer.handoff.rep, step, f"/inbox/{step.timer.handoff_id}/")
        return "told"

    def tell(self, step: Escalation) -> str:
        handoff = step.timer.handoff
        manager = self._manager(handoff)
        if manager is None or manager == handoff.rep:
            return "nobody"
        self._tell(manager, step, f"/leads/{handoff.lead_id}/")
        return "told"

    def _manager(self, handoff: Handoff) -> User | None:
        team = handoff.hop.agreement_id, handoff.hop.receiving_team_id
        if team not in self._managers:
            self._managers[team] = escalates_to(handoff)
        return self._managers[team]

    def _tell(self, user: User, step: Escalation, url: str) -> None:
        timer = step.timer
        self.notices.append(
            Notice(
                user=user,
                kind=Notice.Kind.BREACH if timer.due_at < self.at else Notice.Kind.REMINDER,
                about=f"timer {timer.pk} at {step.percent}",
                params=about_clock(timer),
                url=url,
                created_at=self.at,
            )
        )


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


def escalates_to(handoff: Handoff) -> User | None:
    """Whom the agreement names for the receiving team, or the team's head."""
    party = Party.objects.filter(agreement=handoff.hop.agreement_id, team=handoff.hop.receiving_team_id)
    named = party.select_related("escalates_to").first()
    return (named and named.escalates_to) or handoff.hop.receiving_team.head


def about_clock(timer: Timer) -> dict[str, str | int]:
    """What a notice keeps of a clock and its lead, to be worded in the reader's language."""
    handoff = timer.handoff
    return about_lead(handoff.lead) | {"due_at": timer.due_at.isoformat(), "rep": str(handoff.rep)}
