"""Fit rules as people read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from leads.criteria import BadCriteria, sentence
from scoring.models import FitRule


def describe_rule(rule: FitRule) -> str:
    """Who the rule is about, as a sentence."""
    return _sentence(rule, "")


def rule_title(rule: FitRule) -> str:
    """The rule in a few words, or in as many as it takes."""
    return rule.name or describe_rule(rule)


def describe_rule_with_points(rule: FitRule) -> str:
    """Who the rule is about, and what they get."""
    return _sentence(rule, describe_points(rule.points))


def _sentence(rule: FitRule, verdict: str) -> str:
    try:
        return sentence(rule.criteria, html=True, verdict=verdict)
    except BadCriteria:
        return _("These conditions no longer hold together.")


def describe_points(points: Decimal) -> str:
    words = _("loses %(points)s points of fit") if points < 0 else _("gets %(points)s points of fit")
    return words % {"points": format_plain_points(abs(points))}


def format_plain_points(points: Decimal) -> str:
    """20.000000 is said as 20."""
    text = f"{points:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
