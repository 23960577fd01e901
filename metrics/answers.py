"""Rows of a metric's answer in words."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from metrics.rate import Row
from metrics.registry import Metric, Unit
from smarketing.pages import wording


def format_value(unit: Unit, value: float | Decimal | None, currency: str = "") -> str:
    """A value in its unit: "12.5%", "3 h", an amount with its currency where one is given, else a number."""
    if unit == Unit.RATE:
        return wording.percent(value)
    if unit == Unit.DURATION:
        return wording.duration(value)
    if unit == Unit.MONEY and currency:
        return wording.money(value, currency)
    return wording.number(value)


def format_fraction(row: Row) -> str:
    """ "12 / 40" for a rate, else the number of cases."""
    if row.denominator is None:
        return wording.number(row.numerator)
    return f"{wording.number(row.numerator)} / {wording.number(row.denominator)}"


def describe_remarks(metric: Metric, row: Row) -> str:
    remarks = [] if row.mature else [_("not yet mature")]
    if row.flagged:
        remarks.append(_("%(count)s flagged: %(as)s") % {"count": wording.number(row.flagged), "as": metric.flagged_as})
    return ", ".join(remarks)
