"""Fit rules as people read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from leads.criteria import BadCriteria, sentence
from scoring.models import FitRule


def words_of(rule: FitRule) -> str:
    """Who the rule is about, as a sentence."""
    return _said(rule, "")


def title_of(rule: FitRule) -> str:
    """The rule in a few words, or in as many as it takes."""
    return rule.name or words_of(rule)


def words_with_points(rule: FitRule) -> str:
    """Who the rule is about, and what they get."""
    return _said(rule, verdict_of(rule.points))


def _said(rule: FitRule, verdict: str) -> str:
    try:
        return sentence(rule.criteria, html=True, verdict=verdict)
    except BadCriteria:
        return _("These conditions no longer hold together.")


def verdict_of(points: Decimal) -> str:
    words = _("loses %(points)s points of fit") if points < 0 else _("gets %(points)s points of fit")
    return words % {"points": plain(abs(points))}


def plain(points: Decimal) -> str:
    """20.000000 is said as 20."""
    text = f"{points:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
