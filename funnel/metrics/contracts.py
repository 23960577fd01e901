"""Contracts and what they are worth, what was lost, and what is still open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from funnel.metrics.deals import What, decided, group_by_key
from funnel.models.opportunities import Opportunity
from funnel.models.opportunity_steps import OpportunityStep
from leads.models import Lead
from metrics.asked import AskedRows, counted, under_keys
from metrics.rate import Row
from metrics.registry import LeadPks, Part, Question
from smarketing.database.together import Asked
from teams.models import Organization

Rows = Callable[[Question], QuerySet[Any, Any]]


def won(question: Question) -> QuerySet[OpportunityStep]:
    """Return the wins of the period that were not taken back."""
    return decided(What.WON, question)


def lost(question: Question) -> QuerySet[OpportunityStep]:
    return decided(What.LOST, question)


def count(rows: Rows) -> Callable[[Question], AskedRows]:
    def answered(question: Question) -> AskedRows:
        keyed = group_by_key(rows(question), question).annotate(n=Count("pk")).order_by("key")
        return counted(keyed.values_list("key", "n"))

    return answered


def leads_of(rows: Rows) -> Callable[[Question, Part], LeadPks]:
    """Return a function that lists the leads of those rows; none is flagged."""

    def leads(question: Question, part: Part) -> LeadPks:
        return rows(question).values("lead") if part != "flagged" else Lead.objects.none().values("pk")

    return leads


def in_company_currency() -> Q:
    """Of the deals, those whose amount adds up: without an exchange rate, only the company's own currency."""
    return Q(deal_currency__in=["", Organization.ours().currency], deal_amount__isnull=False)


def worth(rows: Rows) -> Callable[[Question], AskedRows]:
    """Return a function that sums the amounts of those rows, by the question's key."""

    def summed(question: Question) -> AskedRows:
        ours = in_company_currency()
        keyed = group_by_key(rows(question), question).annotate(
            total=Coalesce(Sum("deal_amount", filter=ours), 0, output_field=Opportunity._meta.get_field("amount")),
            cases=Count("pk", filter=ours),
            flagged=Count("pk", filter=~ours),
        )
        return Asked((keyed.order_by("key"),), _worth_rows)

    return summed


def _worth_rows(sums: Iterable[Any]) -> list[Row]:
    return [Row.of_value(each["key"], each["total"], cases=each["cases"], flagged=each["flagged"]) for each in sums]


def leads_of_worth(rows: Rows) -> Callable[[Question, Part], LeadPks]:
    def leads(question: Question, part: Part) -> LeadPks:
        ours = in_company_currency()
        return rows(question).filter(~ours if part == "flagged" else ours).values("lead")

    return leads


def at_the_end(answer: Callable[[Question], AskedRows]) -> Callable[[Question], AskedRows]:
    """Return a function that asks what stands at the end of the period, or of each week, month or quarter in it."""

    def answered(question: Question) -> AskedRows:
        if not question.by_time:
            return answer(question)
        parts = [(part.key, replace(question, by="", period=part)) for part in question.buckets()]
        return under_keys([(key, answer(part)) for key, part in parts])

    return answered
