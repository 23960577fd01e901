"""How numbers, amounts, moments and names are written in templates. `docs/pages.md` shows each in use."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils.html import format_html
from django.utils.translation import ngettext

from smarketing.pages import wording

register = template.Library()

register.filter("number", wording.number)
register.filter("percent", wording.percent)
register.filter("money", wording.money)
register.filter("money_exact", wording.money_exact)
register.filter("duration", wording.duration)
register.filter("days", wording.days)
register.filter("person_name", wording.person_name)
register.filter("initials", wording.initials)


@register.filter
def day(value: date | datetime | None, form: str = "") -> str:
    """{{ week.start|day }}, {{ week.start|day:"short" }}, "week" (with the day of the week) or "month"."""
    return wording.day(value, form)


@register.filter
def day_in(value: date, month: date) -> str:
    """A day of a list headed by a month (its first day): the number alone, or with the month where that is another."""
    is_headed = (value.year, value.month) == (month.year, month.month)
    return str(value.day) if is_headed else wording.day(value, "short")


@register.filter
def clock(value: datetime) -> str:
    return wording.clock(value)


@register.filter
def ago(value: datetime | None) -> str:
    return wording.ago(value)


@register.filter
def moment(value: date | datetime | None) -> str:
    return wording.moment(value)


@register.simple_tag
def when(value: date | datetime | None, form: str = "moment") -> str:
    """A moment in <time>, in full behind it: {% when lead.created_at %}, {% when note.at "ago" %}."""
    if value is None:
        return wording.NOTHING
    near = isinstance(value, datetime) and form == "ago"
    text = wording.ago(value) if near and isinstance(value, datetime) else wording.moment(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), wording.moment_in_full(value), text
    )


@register.filter
def count_of(count: int, words: str) -> str:
    """ "12 leads": {{ n|count_of:"lead,leads" }} in English; give both forms as msgids of your catalogue."""
    one, many = words.split(",")
    return f"{wording.number(count)} {ngettext(one, many, count)}"
