"""The part of the document about fit and interest."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from scoring.models import FitRule, InterestRule
from sla.agreement.document.lines import Line, Part, punctuation
from sla.agreement.document.sentences import describe_criteria
from sla.agreement.models.agreements import Agreement
from sla.agreement.terms import Terms
from smarketing.pages import wording

# How an English sentence of a fit rule begins; beside its points it is redundant.
SENTENCE_START = "A lead counts when "


def score_part(agreement: Agreement, terms: Terms) -> Part:
    title, model = _("How leads are scored"), terms.score_model
    if model is None:
        return Part(title, ())
    thresholds = format_html(
        _("Fit is high from <strong>{}</strong>, interest from <strong>{}</strong>, of 100 each (score model {})."),
        format_number(model.fit_threshold),
        format_number(model.interest_threshold),
        model,
    )
    if agreement.score_model_may_change:
        rule = _("A new score model may replace it between agreements; whoever publishes it tells the other side.")
    else:
        rule = _("A new score model needs a new agreement.")
    lines = (
        Line("thresholds", thresholds),
        *_rule_lines(terms),
        Line("may change", format_html("{}", rule)),
    )
    return Part(title, lines)


def _rule_lines(terms: Terms) -> list[Line]:
    fit = tuple(_describe_fit_rule(rule) for rule in terms.fit_rules)
    interest = tuple(_describe_interest_rule(rule) for rule in terms.interest_rules)
    lines = []
    if fit:
        lines.append(Line("fit", format_html("{}", _("Fit is the sum of what holds, from 0 to 100:")), items=fit))
    if interest:
        opening = _("Interest is the sum of what was done, fading with time, from 0 to 100:")
        lines.append(Line("interest", format_html("{}", opening), items=interest))
    return lines


def _describe_fit_rule(rule: FitRule) -> SafeString:
    words = describe_criteria(rule.criteria, "採点対象です" if wording.japanese() else "counts")
    if words.startswith(SENTENCE_START):
        rest = words.removeprefix(SENTENCE_START)
        words = mark_safe(rest[:1].upper() + rest[1:])  # nosec B703 # of safe words
    if rule.name:
        words = format_html("{}{}{}", rule.name, punctuation(": ", "："), words)
    return format_html("<b>{}</b> {}", format_points(rule.points), words)


def _describe_interest_rule(rule: InterestRule) -> SafeString:
    limits = []
    if rule.cap is not None:
        limits.append(_("at most %(cap)s") % {"cap": format_number(rule.cap)})
    if rule.half_life_days is not None:
        limits.append(_("half after %(days)s days") % {"days": format_number(rule.half_life_days)})
    return format_html(
        "<b>{}</b> {}{}",
        format_points(rule.points),
        rule.kind,
        "".join(punctuation(", ", "、") + limit for limit in limits),
    )


def format_number(value: object) -> str:
    """50.000000 → "50"; 2.50 → "2.5"."""
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_points(value: object) -> str:
    """ "+15", "−30"."""
    text = format_number(value)
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"
