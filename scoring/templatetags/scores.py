"""How scores and points are written."""

from decimal import Decimal
from functools import lru_cache
from html import unescape

from django import template
from django.utils.html import strip_tags
from django.utils.text import Truncator

from scoring.formula import MILLION
from scoring.reading import format_plain_points
from smarketing.pages import wording

register = template.Library()


@register.filter
def points(millionths: int | None, digits: int = 0) -> str:
    """{{ part.points|points:1 }}: 39.8. A score that stands beside a threshold is written by `points_beside`."""
    return wording.NOTHING if millionths is None else _points(millionths, digits, None, wording.locale())


@register.filter
def points_beside(millionths: int | None, threshold: int | None) -> str:
    """{{ score.fit|points_beside:model.fit_from }}: 85, and 39.8 below a threshold of 40. Both are in millionths."""
    return wording.NOTHING if millionths is None else _points(millionths, 0, threshold, wording.locale())


@lru_cache(maxsize=4096)
def _points(millionths: int, digits: int, threshold: int | None, locale: str) -> str:
    """Kept by the language in which it is written."""
    bounds = [] if threshold is None else [Decimal(threshold) / MILLION]
    return wording.number(Decimal(millionths) / MILLION, digits, at_least=bounds)


@register.filter
def plain_points(points: Decimal) -> str:
    """Points as they were typed: 20, 0.5."""
    return format_plain_points(Decimal(points))


@register.filter
def signed_points(points: Decimal) -> str:
    """What a rule gives or takes: +30, −5."""
    return ("−" if points < 0 else "+") + format_plain_points(abs(Decimal(points)))


@register.filter
def signed(points: Decimal, digits: int = 0) -> str:
    """What a part of a score adds: +39.8, −1.5."""
    return ("−" if points < 0 else "+") + wording.number(abs(points), digits)


@register.filter
def days_plainly(value: Decimal) -> str:
    """A half-life as it was typed: "14 days", "3.5 days"."""
    digits = len(format_plain_points(value).partition(".")[2])
    return wording.days(value, digits)


@register.filter
def in_short(words: str) -> str:
    """The beginning of a sentence, without its emphasis."""
    return Truncator(unescape(strip_tags(words))).chars(90)


@register.simple_tag
def share_of(count: int, total: int) -> str:
    return wording.share(count, total)
