"""The way around, and how the page looks."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from smarketing.pages import navigation, wording
from smarketing.pages.themes import theme_of
from smarketing.templatetags.badges import icon

register = template.Library()


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The chosen theme: "light", "dark" or "" for what the system says."""
    request = context.get("request")
    return theme_of(request) if isinstance(request, HttpRequest) else ""


@register.simple_tag(takes_context=True)
def nav_sections(context: Context) -> Sequence[navigation.Section]:
    request = context.get("request")
    if not isinstance(request, HttpRequest) or not request.user.is_authenticated:
        return []
    return navigation.sections(request, context.get("nav_counts"), str(context.get("nav_here") or ""))


@register.simple_tag
def nav_link(link: navigation.Link) -> SafeString:
    """One line of the navigation."""
    count: SafeString | str = ""
    if link.count:
        toned = format_html(' data-tone="{}"', link.tone) if link.tone else ""
        count = format_html('<span class="nav__count"{}>{}</span>', toned, wording.number(link.count))
    here = mark_safe(' aria-current="page"') if link.is_here else ""
    shown = (link.url, here, icon(link.icon), link.label, count)
    return format_html('<a class="nav__link" href="{}"{}>{}{}{}</a>', *shown)


@register.simple_tag(takes_context=True)
def may_open(context: Context, name: str) -> bool:
    """{% may_open "lead_edit" as may_edit %}: whether the person may open the view of that name."""
    request = context.get("request")
    return isinstance(request, HttpRequest) and navigation.may_open(request.user, name)


@register.simple_tag
def page_url(name: str) -> str:
    """The address of a page that may not exist (then empty): {% page_url "profile" as profile_url %}."""
    return navigation.url_of(name)
