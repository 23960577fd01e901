"""Rates, with what they are made of and how sure they are."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from metrics.statistics.proportion import wilson
from smarketing.pages import wording
from smarketing.templatetags.figures import clamped, num

register = template.Library()


@register.simple_tag
def rate(
    numerator: Any,
    denominator: int | None = None,
    href: str = "",
    of: bool = True,
    interval: bool = False,
    digits: int = 1,
) -> SafeString:
    """A share with its count: {% rate 79 84 %}, {% rate week.answered %} (anything with a numerator and a
    denominator), `href=` its rows, `of=False` without the count, `interval=True` with the 95 % interval."""
    if hasattr(numerator, "numerator") and hasattr(numerator, "denominator") and not isinstance(numerator, int):
        numerator, denominator = numerator.numerator, numerator.denominator
    if not denominator:
        value = format_html('<span class="muted" aria-label="{}">–</span>', _("no rate: nothing to count"))
        interval = False
    else:
        value = num(wording.share(numerator, denominator, digits), href)
    parts = [value]
    # Where the share is written as its two numbers they are not written twice.
    if of and (not denominator or wording.is_percentage(numerator, denominator)):
        parts.append(format_html('<span class="of">{} / {}</span>', wording.number(numerator), of_what(denominator)))
    if interval and denominator and 0 <= numerator <= denominator:
        parts.append(
            format_html(
                '<span class="of" title="{}">{}</span>',
                _("95% interval"),
                wording.from_to(*wilson(numerator, denominator)),
            )
        )
    return format_html_join(" ", "{}", ((part,) for part in parts))


@register.simple_tag
def percentage(rate: Any, href: str = "", of_href: str = "") -> SafeString:
    """A share whose two numbers stand beside it: {% percentage line.share.rate line.share.url line.share.of_url %}.
    Where they make no percentage they are the share, each with its rows: leave them out beside it, by
    {% if not line.share.rate|is_two_numbers %}."""
    if not rate.denominator:
        return format_html('<span class="muted" aria-label="{}">–</span>', _("no rate: nothing to count"))
    if is_two_numbers(rate):
        return format_html("{} / {}", num(rate.numerator, href), num(rate.denominator, of_href))
    return num(wording.share(rate.numerator, rate.denominator), href)


@register.filter
def is_two_numbers(rate: Any) -> bool:
    """Whether it is written as its two numbers: over fewer than five cases, or above all of them."""
    return bool(rate.denominator) and not wording.is_percentage(rate.numerator, rate.denominator)


def of_what(denominator: int | None) -> str:
    return wording.number(denominator or 0)


@register.simple_tag
def interval(
    numerator: int,
    denominator: int,
    target: float | None = None,
    tone: str = "neutral",
    low: float = 0,
    high: float = 1,
) -> SafeString | str:
    """A rate with its 95 % interval against the promised value, on an axis from `low` to `high` (shares).

    {% interval 79 84 target=0.95 tone="risk" low=0.8 %}
    """
    if not denominator or high <= low:
        return ""

    def x(value: float) -> float:
        return clamped(100 * (value - low) / (high - low))

    begin, end = wilson(numerator, denominator)
    aim: SafeString | str = ""
    if target is not None:
        aim = format_html('<line class="interval__target" x1="{0}%" x2="{0}%" y1="2" y2="18"/>', x(target))
    return format_html(
        '<svg class="interval" data-tone="{}" aria-hidden="true">'
        '<line class="interval__axis" x1="0" x2="100%" y1="10" y2="10"/>'
        '<line class="interval__range" x1="{}%" x2="{}%" y1="10" y2="10"/>{}'
        '<circle class="interval__value" cx="{}%" cy="10" r="4.5"/></svg>',
        tone,
        x(begin),
        x(end),
        aim,
        x(numerator / denominator),
    )
