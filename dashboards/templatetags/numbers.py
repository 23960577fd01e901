"""How pages of numbers write periods, intervals and values."""

from datetime import date, timedelta

from babel.dates import format_date
from django import template

from metrics.period import Period
from smarketing.pages import wording

register = template.Library()


@register.filter
def last_day(period: Period) -> date:
    """The last day that is in the period: people say "to 31 December", not "before 1 January"."""
    return period.end - timedelta(days=1)


@register.filter
def days_of(period: Period) -> str:
    """ "9 – 15 November 2026", 「2026年11月9日〜15日」: the first and the last day, what they share said once."""
    first, last = period.start, last_day(period)
    if first == last:
        return wording.day(first)
    patterns = ("d MMMM y", "d MMMM", "d") if not wording.japanese() else ("y年M月d日", "M月d日", "d日")
    shared = (first.year == last.year) + ((first.year, first.month) == (last.year, last.month))
    if wording.japanese():
        begins, ends = patterns[0], patterns[shared]
    else:
        begins, ends = patterns[shared], patterns[0]
    dash = "〜" if wording.japanese() else " – "
    return dash.join(format_date(day, form, locale=wording.locale()) for day, form in ((first, begins), (last, ends)))


@register.filter
def from_to(interval: tuple[float, float]) -> str:
    return wording.from_to(*interval)
