"""Handing an accepted lead on to another rep: it stays accepted, and its clock runs on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from funnel.models import Journey
from leads.registering.registration import change
from sla.events import HANDOFF_ACCEPTED
from sla.handoffs.company_reps import why_two_reps
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.threads import TwoReps
from sla.handoffs.models.timers import Timer
from sla.handoffs.worklist import nobodys_work
from teams.models import User


class Owned(Handoff.Over):
    """Somebody else took it over: only what is nobody's can be taken."""


def hand_on(handoff: Handoff, to: User, *, by: User, at: datetime | None = None) -> Handoff:
    """Give an accepted hand-off, which is still worked, to another rep, who owns the lead and need not answer.

    A timer that runs goes along with its deadline; one that breached stops, and stays with the first rep. Raises
    `Handoff.Over`, and `Journey.Moved` when the lead has moved on.
    """
    with transaction.atomic():
        journey = Journey.of(handoff.lead)
        timers = handoff.lock_worked()
        at = handoff.moment_after(at)
        if journey.stage_id != handoff.hop.accepted_stage_id:
            raise Journey.Moved
        accepted = Handoff.Answer.ACCEPTED
        two_reps = why_two_reps(handoff, to.pk, TwoReps.PERSON)
        replacement = handoff.replacement(to, at=at, answer=accepted, answered_at=at, answered_by=by, two_reps=two_reps)
        for timer in timers:
            if timer.breached_at or timer.due_at < at:
                timer.stop(at=at, done=False)
            else:
                Timer.objects.filter(pk=timer.pk).update(handoff=replacement)
        change(handoff.lead, {"owner": to}, by=by, how="handoff", at=at, news=False)
        HANDOFF_ACCEPTED.emit({"handoff": replacement.pk, "lead": replacement.lead_id, "rep": to.pk}, at=at)
    return replacement


def left_to(user: User) -> QuerySet[Handoff]:
    """What reps of this person's team accepted who left since, whoever took it over meanwhile."""
    accepted = Handoff.objects.filter(answer=Handoff.Answer.ACCEPTED, rep__is_active=False)
    return accepted.filter(hop__receiving_team=user.team_id)


def take_over(handoff: Handoff, *, by: User, at: datetime | None = None) -> Handoff:
    """Take what a rep left, and return the hand-off that replaces it; taken again it stays yours. Of two who take it at
    once, one does.

    Raises `Handoff.Over`, which is `Owned` where somebody else did, and `Journey.Moved`.
    """
    try:
        if not nobodys_work(Handoff.objects.filter(pk=handoff.pk)).exists():
            raise Handoff.Over
        return hand_on(handoff, by, by=by, at=at)
    except Handoff.Over:
        taken = Handoff.objects.filter(replaces=handoff).select_related("rep").first()
        if taken is None:
            raise
        if taken.rep != by:
            raise Owned
        return taken
