"""How the inbox shows its rows, which are no models."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.formula import millionths
from scoring.templatetags.scores import points_beside
from sla.handoffs.cadence import Progress
from sla.handoffs.worklist import Countdown
from sla.inbox.queries import lead_name
from smarketing.pages import wording
from smarketing.templatetags.figures import countdown
from smarketing.templatetags.wording import when

register = template.Library()

# {{ offer|lead_name }}: "Ruth Tanner", her e-mail, or "Lead 12".
register.filter("lead_name", lead_name)


@register.simple_tag
def time_left(left: Countdown) -> SafeString:
    """The clock of an answer or of a first touch: {% time_left work.countdown %}."""
    return countdown(
        left.due_at, left.seconds_left, left.total_seconds, left.at, begins_at=left.begins_at, windows=left.own_windows
    )


@register.filter
def progress_in_words(progress: Progress) -> str:
    """How far the agreed touches are: "2 of 5 touches"; once somebody was reached, after how many."""
    if progress.reached:
        words = ngettext("Reached, after %(n)s touch", "Reached, after %(n)s touches", progress.made)
        return words % {"n": progress.made}
    if not progress.agreed:
        return ngettext("%(n)s touch", "%(n)s touches", progress.made) % {"n": progress.made}
    numbers = {"made": wording.number(progress.made), "agreed": wording.number(progress.agreed)}
    return _("%(made)s of %(agreed)s touches") % numbers


class OfferLine(NamedTuple):
    """What one line of the list of offers shows, as finished text: a page has fifty of them."""

    is_current: bool
    url: str
    company: str
    person: str
    name: str
    countdown: SafeString
    last: str
    last_at: str
    fit: str
    interest: str
    accept_url: str
    # Waits for the answer to the first lead of its company.
    is_further: bool


@register.simple_tag
def offer_line(row: dict[str, Any], current: int | None) -> OfferLine:
    """One line of what is offered: {% offer_line row current=handoff.pk as line %}."""
    offer, left = row["handoff"], row["countdown"]
    name, scored = lead_name(offer), offer.fit is not None
    return OfferLine(
        is_current=offer.pk == current,
        url=_address("handoff", get_script_prefix()).format(offer.pk),
        company=offer.company or name,
        person=f"{name}, {offer.title}" if offer.title else name,
        name=name,
        countdown=time_left(left),
        last=row["last"],
        last_at=when(offer.last_at, "ago") if row["last"] else "",
        fit=points_beside(offer.fit, millionths(offer.fit_threshold)) if scored else "",
        interest=points_beside(offer.interest, millionths(offer.interest_threshold)) if scored else "",
        accept_url=_address("acceptance", get_script_prefix()).format(offer.pk),
        is_further=offer.follows_id is not None,
    )


@cache
def _address(name: str, prefix: str) -> str:
    """The address of a page about one hand-off, with a place for its number."""
    return reverse(name, args=[0]).replace("/0/", "/{}/")
