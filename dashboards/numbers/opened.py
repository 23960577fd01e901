"""One number of an answer, opened: its question in words, its parts, the leads behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import DateField, F, Max, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.numbers.question_urls import behind_url, count_of_part, parse_question
from funnel.models import OpportunityStep, Stage, Transition
from leads.models import Lead
from metrics.question import ALL, BadQuestion, Part, Question, View, dimension
from metrics.rate import Row
from metrics.registry import Metric, Unit, metric
from sla.models import Handoff
from smarketing.pages import wording
from teams.models import Organization

PARTS: tuple[Part, ...] = ("numerator", "denominator", "flagged")
# By what is counted: the field of its moment, and the heading of that column.
MOMENT_FIELDS: dict[type, tuple[str, str | Promise]] = {
    Transition: ("at", gettext_lazy("Entered")),
    Handoff: ("offered_at", gettext_lazy("Offered")),
    OpportunityStep: ("at", gettext_lazy("Won")),
}
# Where a metric counts such rows for something else.
HEADINGS: dict[str, str | Promise] = {
    "lost": gettext_lazy("Lost"),
    "open_opportunities": gettext_lazy("Opened"),
    "pipeline": gettext_lazy("Opened"),
}


@dataclass(frozen=True)
class OpenedNumber:
    """One number of an answer: its question, its row, and which part of it is opened."""

    metric: Metric
    question: Question
    key: str
    part: Part

    @property
    def row(self) -> Row:
        return self.metric.value(self.metric.accept(self.question).narrowed(self.key))

    def url(self, part: Part) -> str:
        return behind_url(self.metric.name, self.question, self.key, part)


def parse_number(name: str, query: dict[str, str], people: frozenset[str] | None = None) -> OpenedNumber:
    """Parse the query of a number's page, opened by somebody who sees the numbers of these people. Raises
    `UnknownMetric`, `BadQuestion`, `NotShown`."""
    opened_metric = metric(name)
    part = next((part for part in PARTS if part == query.get("part", "numerator")), None)
    if part is None:
        raise BadQuestion("part", _("A number has a numerator, a denominator and what is flagged."))
    question = opened_metric.accept(replace(parse_question(query), people=people))
    return OpenedNumber(opened_metric, question, query.get("key", ALL), part)


def leads_behind(opened: OpenedNumber) -> tuple[QuerySet[Any, Any], str | Promise]:
    """The leads, as `last_moments` of what is counted, and the heading of that moment."""
    pks = opened.metric.behind(opened.question, opened.key, opened.part)
    name, heading = MOMENT_FIELDS.get(pks.model, ("created_at", gettext_lazy("Created")))
    heading = HEADINGS.get(opened.metric.name, heading)
    return last_moments(pks, name, "pk" if pks.model is Lead else "lead"), heading


def last_moments(rows: QuerySet[Any, Any], name: str, lead: str = "lead") -> QuerySet[Any, Any]:
    """The leads of some rows, each as its id (`key`) with its last `moment`, and the last `day` of those of which only
    that is known. Without the leads themselves: only of those of one page is anything else asked."""
    day = Max("day") if rows.model in (Transition, OpportunityStep) else Value(None, DateField())
    moments: QuerySet[Any, Any] = rows.order_by().values(key=F(lead)).annotate(moment=Max(name), day=day)
    return moments.values_list("key", "moment", "day", named=True)


def values_behind(opened: OpenedNumber, leads: Iterable[int]) -> dict[int, str]:
    """What each of these leads comes to in an amount or a duration, in words; of several deals or answers each."""
    each = opened.metric.each
    if not each:
        return {}
    rows = opened.metric.behind(opened.question, opened.key, opened.part).filter(lead__in=list(leads))
    values: dict[int, list[str]] = defaultdict(list)
    for lead, value, *currency in rows.values_list("lead", *map(F, each)):
        values[lead].append(format_each(opened.metric.unit, value, *currency))
    between = " + " if opened.metric.unit == Unit.MONEY else " · "
    return {lead: between.join(texts) for lead, texts in values.items()}


def format_each(unit: Unit, value: Any, currency: str = "") -> str:
    if unit == Unit.MONEY:
        return wording.money_exact(value, currency or Organization.ours().currency)
    return wording.duration(value)


def part_tabs(opened: OpenedNumber, row: Row) -> list[dict[str, Any]]:
    """Tabs for the parts of the number; empty for a count of which nothing is flagged."""
    parts: list[tuple[Part, str]] = []
    if row.denominator is not None or row.flagged:
        parts.append(("numerator", _("Counted")))
    if row.denominator is not None:
        parts.append(("denominator", _("Out of")))
    if row.flagged:
        parts.append(("flagged", _("Flagged")))
    return [
        {"label": label, "n": count_of_part(row, part), "url": opened.url(part), "is_here": part == opened.part}
        for part, label in parts
    ]


def describe_question(opened: OpenedNumber) -> list[tuple[str, str]]:
    """The parts of the question as (label, value)."""
    question = opened.question
    stages = {stage.role: str(stage) for stage in Stage.objects.known() if stage.role}
    words: list[tuple[str, str]] = []
    if len(opened.metric.views) > 1:
        words.append((_("View"), str(View(question.view).label)))
    if question.from_role:
        words.append((_("Stages"), f"{stages[question.from_role]} → {stages[question.to_role]}"))
    elif question.to_role:
        words.append((_("Stage"), stages[question.to_role]))
    if question.window_days is not None:
        words.append((_("Within"), _("%(n)s days") % {"n": question.window_days}))
    narrowed = {**question.filters, **({question.by: opened.key} if opened.key != ALL else {})}
    words += [(str(dimension(name).label), dimension(name).key_label(key)) for name, key in narrowed.items()]
    return words
