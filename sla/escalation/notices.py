"""Notices about timers: due soon, breached, ended by the policy."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.notices import LEAD_EXAMPLE, LEAD_PAGE, LeadParams, lead_name
from sla.handoffs.notices import ANSWER_PAGE, HANDOFF_PAGE
from teams.notices import NameParams, NoticeKind, Way, describe_name, register
from teams.permissions import ANSWERING

REP_EXAMPLE: NameParams = {"given_name": "健", "family_name": "高橋", "email": "takahashi@example.jp"}


class TimerParams(LeadParams):
    handoff: int
    rep: NameParams
    due_at: str
    # The rep's own page of the hand-off, or that of the lead.
    page: str


TIMER_EXAMPLE: TimerParams = {
    **LEAD_EXAMPLE,
    "handoff": 5,
    "rep": REP_EXAMPLE,
    "due_at": "2026-11-16T03:30:00+00:00",
    "page": "lead",
}


def describe_reminder(params: TimerParams) -> str:
    return _("%(lead)s still waits for an answer, and falls due soon.") % {"lead": lead_name(params)}


def describe_breach(params: TimerParams) -> str:
    return _("%(lead)s was not answered in time.") % {"lead": lead_name(params)}


REMINDER = register(
    NoticeKind[TimerParams](
        "reminder",
        gettext_lazy("A hand-off falls due soon"),
        params=TimerParams,
        sentence=describe_reminder,
        icon="clock",
        pages=[LEAD_PAGE, ANSWER_PAGE],
        roles=ANSWERING,
        to_heads=True,
        usual=Way,
        is_due=True,
        example=TIMER_EXAMPLE,
    )
)
BREACH = register(
    NoticeKind[TimerParams](
        "breach",
        gettext_lazy("A hand-off was not answered in time"),
        params=TimerParams,
        sentence=describe_breach,
        icon="warning",
        pages=[LEAD_PAGE, HANDOFF_PAGE],
        roles=ANSWERING,
        to_heads=True,
        usual=Way,
        in_team_chat=True,
        example=TIMER_EXAMPLE,
    )
)


class EndedParams(LeadParams):
    handoff: int
    rep: NameParams
    accepted: bool
    page: str


def describe_ended(params: EndedParams) -> str:
    words = {"lead": lead_name(params), "rep": describe_name(params["rep"])}
    if params["accepted"]:
        return _("%(lead)s was not answered by %(rep)s, and counts as accepted.") % words
    return _("%(lead)s was not answered by %(rep)s, and was taken back.") % words


ENDED = register(
    NoticeKind[EndedParams](
        "ended",
        gettext_lazy("A hand-off was accepted or taken back by the rule"),
        params=EndedParams,
        sentence=describe_ended,
        icon="history",
        pages=[LEAD_PAGE, HANDOFF_PAGE],
        roles=ANSWERING,
        to_heads=True,
        example={**LEAD_EXAMPLE, "handoff": 5, "rep": REP_EXAMPLE, "accepted": True, "page": "lead"},
    )
)
