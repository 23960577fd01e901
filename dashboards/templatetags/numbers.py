"""How pages of numbers write periods, intervals and values."""

from datetime import date, timedelta

from django import template

from metrics.period import Period
from smarketing import wording

register = template.Library()


@register.filter
def last_day(period: Period) -> date:
    """The last day that is in the period: people say "to 31 December", not "before 1 January"."""
    return period.end - timedelta(days=1)


@register.filter
def from_to(interval: tuple[float, float]) -> str:
    return wording.from_to(*interval)
