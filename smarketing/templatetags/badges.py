"""Icons, badges, parties and people."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from smarketing.pages import wording
from smarketing.pages.icons import ICONS

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """{% icon "inbox" %}; the names are in smarketing/pages/icons.py."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{ICONS[name]}</svg>')  # nosec B703 # ours


@register.simple_tag
def badge(text: Any, tone: str = "neutral", line: bool = False) -> SafeString:
    """A state: {% badge _("Kept") "kept" %}; `line=True` for a plain name such as a stage."""
    if line:
        return format_html('<span class="badge badge--line">{}</span>', text)
    return format_html('<span class="badge" data-tone="{}">{}</span>', tone, text)


@register.simple_tag
def party(name: str, text: Any = "", plain: bool = False) -> SafeString:
    """Whose it is: {% party "sales" %}, {% party team.party team %}."""
    words = {"marketing": _("Marketing"), "sales": _("Sales"), "both": _("Both teams")}
    kind = " party--plain" if plain else ""
    return format_html('<span class="party{}" data-party="{}">{}</span>', kind, name, text or words[name])


def party_of(person: Any) -> str:
    return getattr(getattr(person, "team", None), "party", "") or ""


@register.simple_tag
def avatar(person: Any, size: str = "") -> SafeString:
    """{% avatar user %}, {% avatar lead "l" %}, {% avatar user "s" %}."""
    owner = party_of(person)
    return format_html(
        '<span class="avatar{}"{} aria-hidden="true">{}</span>',
        f" avatar--{size}" if size else "",
        format_html(' data-party="{}"', owner) if owner else "",
        wording.initials(person),
    )


@register.simple_tag
def person(someone: Any, href: str = "") -> SafeString | str:
    """Avatar and name: {% person handoff.rep %}."""
    if someone is None:
        return wording.NOTHING
    name = wording.person_name(someone)
    shown = format_html('<a href="{}">{}</a>', href, name) if href else name
    return format_html('<span class="person">{}{}</span>', avatar(someone, "s"), shown)


@register.filter
def tone(level: str) -> str:
    """A message's level as a tone: {{ message.level_tag|tone }}."""
    return {"success": "kept", "warning": "risk", "error": "breached"}.get(level, "neutral")
