"""How scores are written."""

from decimal import Decimal

from django import template

from scoring.formula import shown
from smarketing import wording

register = template.Library()


@register.filter
def points(millionths: int | None, digits: int = 0) -> str:
    """{{ lead.score.fit|points }}: 85; {{ part.points|points:1 }}: 39.8."""
    return wording.NOTHING if millionths is None else wording.number(shown(millionths, digits), digits)


@register.filter
def signed(value: Decimal, digits: int = 0) -> str:
    """{{ part.shown|signed:1 }}: +39.8 or −1.5."""
    return ("−" if value < 0 else "+") + wording.number(abs(value), digits)
