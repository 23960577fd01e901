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
from metrics.rate import Row
from metrics.registry import LeadPks, Part, Question
from teams.models import Organization

Rows = Callable[[Question], QuerySet[Any, Any]]


def won(question: Question) -> QuerySet[OpportunityStep]:
    """Return the wins of the period that were not taken back."""
    return decided(What.WON, question)


def lost(question: Question) -> QuerySet[OpportunityStep]:
    return decided(What.LOST, question)


def count(rows: Rows) -> Callable[[Question], Iterable[Row]]:
    def counted(question: Question) -> Iterable[Row]:
        keyed = group_by_key(rows(question), question).annotate(n=Count("pk")).order_by("key")
        return [Row.of_count(row["key"], row["n"]) for row in keyed]

    return counted


def leads_of(rows: Rows) -> Callable[[Question, Part], LeadPks]:
    """Return a function that lists the leads of those rows; none is flagged."""

    def leads(question: Question, part: Part) -> LeadPks:
        return rows(question).values("lead") if part != "flagged" else Lead.objects.none().values("pk")

    return leads


def in_company_currency() -> Q:
    """Of the deals, those whose amount adds up: without an exchange rate, only the company's own currency."""
    return Q(deal_currency__in=["", Organization.ours().currency], deal_amount__isnull=False)


def worth(rows: Rows) -> Callable[[Question], Iterable[Row]]:
    """Return a function that sums the amounts of those rows, by the question's key."""

    def summed(question: Question) -> Iterable[Row]:
        ours = in_company_currency()
        keyed = group_by_key(rows(question), question).annotate(
            total=Coalesce(Sum("deal_amount", filter=ours), 0, output_field=Opportunity._meta.get_field("amount")),
            cases=Count("pk", filter=ours),
            flagged=Count("pk", filter=~ours),
        )
        return [
            Row.of_value(row["key"], row["total"], cases=row["cases"], flagged=row["flagged"])
            for row in keyed.order_by("key")
        ]

    return summed


def leads_of_worth(rows: Rows) -> Callable[[Question, Part], LeadPks]:
    def leads(question: Question, part: Part) -> LeadPks:
        ours = in_company_currency()
        return rows(question).filter(~ours if part == "flagged" else ours).values("lead")

    return leads


def at_the_end(answer: Callable[[Question], Iterable[Row]]) -> Callable[[Question], Iterable[Row]]:
    """Return a function that asks what stands at the end of the period, or of each week, month or quarter in it."""

    def answered(question: Question) -> Iterable[Row]:
        if not question.by_time:
            return answer(question)
        parts = [(part.key, replace(question, by="", period=part)) for part in question.buckets()]
        return [replace(row, key=key) for key, part in parts for row in answer(part)]

    return answered
