"""How scores and points are written."""

from decimal import Decimal

from django import template

from scoring.formula import shown
from scoring.reading import plain
from smarketing import wording

register = template.Library()


@register.filter
def points(millionths: int | None, digits: int = 0) -> str:
    """{{ lead.score.fit|points }}: 85; {{ part.points|points:1 }}: 39.8."""
    return wording.NOTHING if millionths is None else wording.number(shown(millionths, digits), digits)


@register.filter
def plain_points(points: Decimal) -> str:
    """Points as they were typed: 20, 0.5."""
    return plain(Decimal(points))


@register.filter
def signed_points(points: Decimal) -> str:
    """What a rule gives or takes: +30, −5."""
    return ("−" if points < 0 else "+") + plain(abs(Decimal(points)))


@register.filter
def signed(points: Decimal, digits: int = 0) -> str:
    """What a part of a score adds: +39.8, −1.5."""
    return ("−" if points < 0 else "+") + wording.number(abs(points), digits)


@register.filter
def days_plainly(value: Decimal) -> str:
    """A half-life as it was typed: "14 days", "3.5 days"."""
    digits = len(plain(value).partition(".")[2])
    return wording.days(value, digits)


@register.simple_tag
def share_of(count: int, total: int) -> str:
    return wording.share(count, total)
