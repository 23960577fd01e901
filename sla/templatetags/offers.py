"""How rows of the inbox are written, which are no models."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.templatetags.scores import points
from sla.handoffs.cadence import Progress
from sla.inbox.inbox import name_of
from smarketing.pages import wording
from smarketing.templatetags.smarketing import countdown, icon, when

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


OFFER = """<li data-item>
        <article class="offer{here}">
          <a class="offer__open" href="{url}#handoff"{current}><b>{company}</b><span class="offer__person">{person}</span></a>
          {clock}
          <p class="offer__why">{why}</p>
          <p class="offer__scores of">{scores}</p>
          <form class="offer__accept" method="post" action="{accept_url}" hx-post="{accept_url}" hx-target="#main" hx-select="#main" hx-swap="outerHTML"><input type="hidden" name="csrfmiddlewaretoken" value="{token}"><button class="btn" data-key="a">{check}{accept}<span class="visually-hidden"> {name}</span></button></form>
        </article>
      </li>"""  # noqa: E501 - it is a template


@register.simple_tag
def offer_line(row: dict[str, Any], here: int | None, token: str) -> SafeString:
    """One line of what is offered: {% offer_line row here=handoff.pk token=csrf_token %}.

    Drawn here and not in a template, because there are fifty of them: half of the page's time would go into them.
    """
    offer, clock, words = row["handoff"], row["clock"], _words(wording.language())
    name, is_here = name_of(offer), offer.pk == here
    why: SafeString | str = ""
    if row["last"]:
        why = format_html('{} <span class="of">{}</span>', row["last"], when(offer.last_at, "ago"))
    scores: SafeString | str = ""
    if offer.fit is not None:
        said = (words["fit"], points(offer.fit), words["interest"], points(offer.interest))
        scores = format_html("{} <b>{}</b> · {} <b>{}</b>", *said)
    return format_html(
        OFFER,
        here=" offer--here" if is_here else "",
        current=mark_safe(' aria-current="true"') if is_here else "",
        url=_address("handoff", get_script_prefix()).format(offer.pk),
        company=offer.company or name,
        person=f"{name}, {offer.title}" if offer.title else name,
        clock=countdown(clock.due_at, clock.left, clock.total),
        why=why,
        scores=scores,
        accept_url=_address("acceptance", get_script_prefix()).format(offer.pk),
        token=token,
        check=icon("check"),
        accept=words["accept"],
        name=name,
    )


@cache
def _words(language: str) -> dict[str, str]:
    return {"fit": _("Fit"), "interest": _("Interest"), "accept": _("Accept")}


@cache
def _address(name: str, prefix: str) -> str:
    """The address of a page about one hand-off, with a place for its number."""
    return reverse(name, args=[0]).replace("/0/", "/{}/")
