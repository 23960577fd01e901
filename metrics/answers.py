"""Rows of a metric's answer in words."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from metrics.rate import Row
from metrics.registry import Metric, Unit
from smarketing.pages import wording


def format_value(
    unit: Unit,
    value: float | Decimal | None,
    currency: str = "",
    *,
    at_least: Iterable[Decimal] = (),
    at_most: Iterable[Decimal] = (),
) -> str:
    """A value in its unit: "12.5%", "3 h", an amount with its currency where one is given, else a number.

    Beside a target, which is one of `at_least` or `at_most`, a value that misses it is never written like it.
    """
    if unit == Unit.RATE:
        return wording.percent(value, at_least=at_least, at_most=at_most)
    if unit == Unit.DURATION:
        return wording.duration(value, at_most=at_most)
    if unit == Unit.MONEY and currency:
        return wording.money(value, currency, at_least=at_least, at_most=at_most)
    return wording.number(value, at_least=at_least, at_most=at_most)


def is_no_percentage(unit: Unit, row: Row) -> bool:
    """Whether it is a rate that is not written in percent: over fewer than five cases, or above all of them."""
    return (
        unit == Unit.RATE and row.denominator is not None and not wording.is_percentage(row.numerator, row.denominator)
    )


def format_answer(unit: Unit, row: Row, currency: str = "") -> str:
    """The value of a row in its unit; of a rate over too few cases, or above 1, the two numbers: "3 / 4"."""
    if unit == Unit.RATE and row.denominator is not None:
        return wording.share(row.numerator, row.denominator)
    return format_value(unit, row.value, currency)


def format_fraction(row: Row) -> str:
    """ "12 / 40" for a rate, else the number of cases."""
    return (
        wording.number(row.numerator) if row.denominator is None else wording.fraction(row.numerator, row.denominator)
    )


def describe_remarks(metric: Metric, row: Row) -> str:
    remarks = [] if row.mature else [_("not yet mature")]
    if row.flagged:
        remarks.append(_("%(count)s flagged: %(as)s") % {"count": wording.number(row.flagged), "as": metric.flagged_as})
    return ", ".join(remarks)
