"""What happens to hand-offs, their timers and touches, to disputes and to the agreement, for programs outside."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from history.events import Event, register

# Hand-offs


class HandoffOffered(TypedDict):
    handoff: int
    lead: int
    rep: int
    # The hand-off that was taken back from another rep.
    replaces: int | None


class HandoffAnswered(TypedDict):
    handoff: int
    lead: int
    rep: int


HANDOFF_OFFERED = register(Event("handoff.offered", HandoffOffered, _("A lead was offered to a rep.")))
HANDOFF_ACCEPTED = register(Event("handoff.accepted", HandoffAnswered, _("A hand-off was accepted.")))
HANDOFF_REJECTED = register(Event("handoff.rejected", HandoffAnswered, _("A hand-off was rejected with a reason.")))
HANDOFF_WITHDRAWN = register(Event("handoff.withdrawn", HandoffAnswered, _("A hand-off was taken back.")))
# By the answer as a hand-off keeps it.
ANSWERED = {"accepted": HANDOFF_ACCEPTED, "rejected": HANDOFF_REJECTED, "withdrawn": HANDOFF_WITHDRAWN}
HANDOFF_GIVEN_UP = register(
    Event("handoff.given_up", HandoffAnswered, _("A rep stopped working an accepted hand-off without an outcome."))
)


# Timers


class TimerEnded(TypedDict):
    timer: int
    handoff: int


class TimerPaused(TypedDict):
    timer: int
    handoff: int
    until: datetime


TIMER_KEPT = register(Event("timer.kept", TimerEnded, _("A hand-off was answered or touched in time.")))
TIMER_BREACHED = register(Event("timer.breached", TimerEnded, _("A hand-off was not answered or touched in time.")))
TIMER_WITHDRAWN = register(Event("timer.withdrawn", TimerEnded, _("A timer was stopped before it fell due.")))
TIMER_PAUSED = register(Event("timer.paused", TimerPaused, _("A timer stands still until the moment named.")))


# Touches


class TouchMade(TypedDict):
    touch: int
    handoff: int
    lead: int
    rep: int
    kind: str
    contact: bool


class TouchUndone(TypedDict):
    touch: int
    handoff: int
    lead: int
    rep: int


TOUCH_MADE = register(Event("touch.made", TouchMade, _("Sales tried to reach a lead, or reached it.")))
TOUCH_UNDONE = register(Event("touch.undone", TouchUndone, _("A touch was taken back, as it was not made.")))


# Disputes


class DisputeRaised(TypedDict):
    dispute: int
    handoff: int
    lead: int


class DisputeSettled(TypedDict):
    dispute: int
    handoff: int
    lead: int
    upheld: bool


DISPUTE_RAISED = register(Event("dispute.raised", DisputeRaised, _("A rejection was disputed.")))
DISPUTE_SETTLED = register(Event("dispute.settled", DisputeSettled, _("A dispute about a rejection was settled.")))


# The agreement


class AgreementChanged(TypedDict):
    agreement: int
    number: int


class AgreementSigned(TypedDict):
    agreement: int
    number: int
    by: int
    # The ids of the teams for which that person signed.
    parties: list[int]


# `from` is the moment from which it is in force.
AgreementConcluded = TypedDict("AgreementConcluded", {"agreement": int, "number": int, "from": datetime})

AGREEMENT_PROPOSED = register(
    Event("agreement.proposed", AgreementChanged, _("An agreement was proposed to the heads of the teams."))
)
AGREEMENT_REOPENED = register(
    Event("agreement.reopened", AgreementChanged, _("A proposed agreement was taken back or sent back to be edited."))
)
AGREEMENT_SIGNED = register(Event("agreement.signed", AgreementSigned, _("The head of a team signed an agreement.")))
AGREEMENT_CONCLUDED = register(
    Event(
        "agreement.concluded",
        AgreementConcluded,
        _("An agreement was signed by every head, and begins at the moment named."),
    )
)
