"""How scores are written."""

from django import template

from scoring.formula import shown
from smarketing import wording

register = template.Library()


@register.filter
def points(millionths: int | None, digits: int = 0) -> str:
    """{{ lead.score.fit|points }}: 85; {{ part.points|points:1 }}: 39.8."""
    return wording.NOTHING if millionths is None else wording.number(shown(millionths, digits), digits)
