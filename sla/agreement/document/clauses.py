"""The lines of the document about clauses: the targets that a party commits to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from funnel.models import StageRole
from metrics.registry import BadQuestion, Metric, Unit, UnknownMetric, dimension, metric
from sla.agreement.document.lines import Line, join_words, punctuation
from sla.agreement.document.opening_hours import format_open_time
from sla.agreement.models.clauses import Clause
from smarketing.pages import wording
from smarketing.requests.whole_numbers import parse_whole_number
from teams.models import Organization

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

EVERY: dict[str, StrOrPromise] = {
    Clause.Every.WEEK: gettext_lazy("every week"),
    Clause.Every.MONTH: gettext_lazy("every month"),
    Clause.Every.QUARTER: gettext_lazy("every quarter"),
}
# Clauses by metric, each after "… promises". {amount} is "at least 60"; {which} names the leads counted, or is empty.
SENTENCES: dict[str, StrOrPromise] = {
    "handed_over": gettext_lazy("to hand over {amount} leads{which}, {every}."),
    "acceptance": gettext_lazy("that {amount} of the answered hand-offs{which} are accepted, {every}."),
    "persona_fit": gettext_lazy("that {amount} of the leads it hands over{which} fit their persona, {every}."),
    "free_mail": gettext_lazy("that {amount} of the leads it hands over{which} have a free-mail address, {every}."),
    "answered_in_time": gettext_lazy("to answer {amount} of the hand-offs{which} in time, {every}."),
    "first_touch_in_time": gettext_lazy("to touch {amount} of the accepted leads{which} in time, {every}."),
    "cadence_kept": gettext_lazy(
        "to make the agreed touches with {amount} of the leads{which} before giving them up, {every}."
    ),
    "worked": gettext_lazy("to work {amount} of the accepted leads{which}, {every}."),
    "close_rate": gettext_lazy("to win {amount} of the leads{which}, of every {period}."),
    "contracts": gettext_lazy("to win {amount} contracts{which}, {every}."),
}
FALLBACK_SENTENCE: StrOrPromise = gettext_lazy("{metric}{which}: {amount}, {every}.")
PERIODS: dict[str, StrOrPromise] = {
    Clause.Every.WEEK: pgettext_lazy("a promise of every …", "week"),
    Clause.Every.MONTH: pgettext_lazy("a promise of every …", "month"),
    Clause.Every.QUARTER: pgettext_lazy("a promise of every …", "quarter"),
}


def metric_of(clause: Clause) -> Metric | None:
    try:
        return metric(clause.metric)
    except UnknownMetric:
        return None


def clause_line(clause: Clause, personas: Mapping[int, str]) -> Line:
    measured = metric_of(clause)
    notes = [measured.definition] if measured else []
    if clause.window_days:
        days = ngettext(
            "Each lead has %(n)s day; what came of a period is decided when they are over for all.",
            "Each lead has %(n)s days; what came of a period is decided when they are over for all.",
            clause.window_days,
        )
        notes.append(days % {"n": clause.window_days})
    if clause.owner:
        notes.append(_("%(person)s looks after it.") % {"person": wording.person_name(clause.owner)})
    return Line(f"clause {clause.key}", describe_clause(clause, personas), tuple(map(str, notes)))


def describe_clause(clause: Clause, personas: Mapping[int, str] | None = None) -> SafeString:
    """ "to hand over at least 60 leads (persona: Quality manager), every month." """
    return format_html(
        str(SENTENCES.get(clause.metric, FALLBACK_SENTENCE)),
        metric=metric_label(clause),
        amount=format_html("<strong>{}</strong>", describe_target(clause)),
        which=describe_filters(clause, personas or {}),
        every=EVERY[clause.every],
        period=PERIODS[clause.every],
    )


def metric_label(clause: Clause) -> str:
    measured = metric_of(clause)
    return str(measured.label) if measured else clause.metric


def describe_target(clause: Clause) -> str:
    """ "at least 60", "at most 10%", "at most 4 opening hours"."""
    measured = metric_of(clause)
    unit = measured.unit if measured else Unit.COUNT
    least = clause.comparator == Clause.Comparator.AT_LEAST
    if unit == Unit.COUNT:
        words = pgettext("so many", "at least %(n)s") if least else pgettext("so many", "at most %(n)s")
    else:
        words = pgettext("so much", "at least %(n)s") if least else pgettext("so much", "at most %(n)s")
    return words % {"n": format_target(clause.target, unit)}


def format_target(target: Decimal, unit: Unit) -> str:
    if unit == Unit.RATE:
        return wording.percent(target, _decimals(target * 100))
    if unit == Unit.DURATION:
        return format_open_time(timedelta(seconds=float(target)))
    if unit == Unit.MONEY:
        return wording.money_exact(target, Organization.ours().currency)
    return wording.number(target, _decimals(target))


def _decimals(value: Decimal) -> int:
    """How many decimals the number has, two at most."""
    exponent = value.normalize().as_tuple().exponent
    return min(2, max(0, -exponent)) if isinstance(exponent, int) else 0


def describe_filters(clause: Clause, personas: Mapping[int, str]) -> str:
    """Which leads count, in brackets: " (from MQL to SQL, Persona: Quality manager, within 90 days)"."""
    roles = dict(StageRole.choices)
    start, end = (str(roles.get(role, role)) for role in (clause.from_role, clause.to_role))
    filters = []
    if start and end:
        filters.append(_("from %(start)s to %(end)s") % {"start": start, "end": end})
    elif end:
        filters.append(_("into %(stage)s") % {"stage": end})
    filters += [_describe_filter(name, key, personas) for name, key in sorted(clause.filters.items())]
    if clause.window_days:
        days = ngettext("within %(n)s day", "within %(n)s days", clause.window_days)
        filters.append(days % {"n": clause.window_days})
    if not filters:
        return ""
    return punctuation(" (%s)", "（%s）") % join_words(filters)


def _describe_filter(name: str, key: str, personas: Mapping[int, str]) -> str:
    try:
        by = dimension(name)
    except BadQuestion:
        return f"{name}{punctuation(': ', '：')}{key}"
    pk = parse_whole_number(key) if name == "persona" else None
    agreed = None if pk is None else personas.get(pk)
    return f"{by.label}{punctuation(': ', '：')}{agreed or by.key_label(key)}"
