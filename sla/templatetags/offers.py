"""How rows of the inbox are written, which are no models."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.templatetags.scores import points
from sla.handoffs.cadence import Progress
from sla.inbox.inbox import name_of
from smarketing.pages import wording
from smarketing.templatetags.figures import countdown
from smarketing.templatetags.wording import when

register = template.Library()

# {{ offer|lead_name }}: "Ruth Tanner", her e-mail, or "Lead 12".
register.filter("lead_name", name_of)


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
    """What one line of the list of offers shows, ready to be written: fifty of them come with a page."""

    is_here: bool
    url: str
    company: str
    person: str
    name: str
    clock: SafeString
    last: str
    last_at: str
    fit: str
    interest: str
    accept_url: str


@register.simple_tag
def offer_line(row: dict[str, Any], here: int | None) -> OfferLine:
    """One line of what is offered: {% offer_line row here=handoff.pk as line %}."""
    offer, clock = row["handoff"], row["clock"]
    name, scored = name_of(offer), offer.fit is not None
    return OfferLine(
        is_here=offer.pk == here,
        url=_address("handoff", get_script_prefix()).format(offer.pk),
        company=offer.company or name,
        person=f"{name}, {offer.title}" if offer.title else name,
        name=name,
        clock=countdown(clock.due_at, clock.left, clock.total),
        last=row["last"],
        last_at=when(offer.last_at, "ago") if row["last"] else "",
        fit=points(offer.fit) if scored else "",
        interest=points(offer.interest) if scored else "",
        accept_url=_address("acceptance", get_script_prefix()).format(offer.pk),
    )


@cache
def _address(name: str, prefix: str) -> str:
    """The address of a page about one hand-off, with a place for its number."""
    return reverse(name, args=[0]).replace("/0/", "/{}/")
