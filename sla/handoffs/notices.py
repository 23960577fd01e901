"""Notices about hand-offs: offered, rejected."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from leads.notices import LEAD_EXAMPLE, LEAD_PAGE, LeadParams, lead_name
from smarketing.pages.wording import in_language
from teams.notices import NoticeKind, Page, Way, register
from teams.permissions import ANSWERING

HANDOFF_PAGE = Page("handoff", ["handoff"])
# With the link to answer.
ANSWER_PAGE = Page("handoff", ["handoff"], gettext_lazy("Accept or reject"))
# The reason that a policy gives where a person would write one; shown in the reader's language.
UNANSWERED = gettext_noop("Not answered in time.")


class HandoffParams(LeadParams):
    handoff: int


def describe_offered(params: HandoffParams) -> str:
    return _("%(lead)s is offered to you.") % {"lead": lead_name(params)}


OFFERED = register(
    NoticeKind[HandoffParams](
        "offered",
        gettext_lazy("A lead is offered to you"),
        params=HandoffParams,
        sentence=describe_offered,
        icon="inbox",
        pages=[ANSWER_PAGE],
        roles=ANSWERING,
        usual=Way,
        example={**LEAD_EXAMPLE, "handoff": 5},
    )
)


class RejectedParams(LeadParams):
    # A note as it was written, or the name of the reason in every language.
    reason: str | dict[str, str]


def describe_rejected(params: RejectedParams) -> str:
    words = {"lead": lead_name(params), "reason": in_language(params["reason"])}
    return _("Sales rejected %(lead)s: %(reason)s") % words


REJECTED = register(
    NoticeKind[RejectedParams](
        "rejected",
        gettext_lazy("A hand-off was rejected"),
        params=RejectedParams,
        sentence=describe_rejected,
        icon="handoff",
        pages=[LEAD_PAGE],
        to_heads=True,
        example={**LEAD_EXAMPLE, "reason": {"en": "No budget", "ja": "予算なし"}},
    )
)
