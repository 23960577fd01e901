"""Notices about disputes: raised, settled."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.notices import LEAD_EXAMPLE, LEAD_PAGE, LeadParams, lead_name
from sla.handoffs.notices import HANDOFF_PAGE
from teams.notices import NoticeKind, Page, register
from teams.permissions import ANSWERING, MARKETING

# Marketers and managers open the page of all rejections; the rep opens their own hand-off.
PAGES = [LEAD_PAGE, HANDOFF_PAGE, Page("rejections")]


class DisputedParams(LeadParams):
    handoff: int
    # As it was written.
    reason: str
    page: str


def describe_disputed(params: DisputedParams) -> str:
    words = {"lead": lead_name(params), "reason": params["reason"]}
    return _("The rejection of %(lead)s is disputed: %(reason)s") % words


DISPUTED = register(
    NoticeKind[DisputedParams](
        "disputed",
        gettext_lazy("A rejection is disputed"),
        params=DisputedParams,
        sentence=describe_disputed,
        icon="message",
        pages=PAGES,
        roles=ANSWERING,
        to_heads=True,
        example={**LEAD_EXAMPLE, "handoff": 5, "reason": "見積もりの依頼がありました。", "page": "handoff"},
    )
)


class SettledParams(DisputedParams):
    upheld: bool


def describe_settled(params: SettledParams) -> str:
    words = {"lead": lead_name(params), "reason": params["reason"]}
    if params["upheld"]:
        return _("The rejection of %(lead)s was wrong, it is offered again: %(reason)s") % words
    return _("The rejection of %(lead)s stands: %(reason)s") % words


SETTLED = register(
    NoticeKind[SettledParams](
        "settled",
        gettext_lazy("A dispute is settled"),
        params=SettledParams,
        sentence=describe_settled,
        icon="check",
        pages=PAGES,
        roles=ANSWERING | MARKETING,
        to_heads=True,
        example={**LEAD_EXAMPLE, "handoff": 5, "reason": "予算があります。", "page": "handoff", "upheld": True},
    )
)
