"""Contracts and what they are worth."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from funnel.metrics.counting import count_by_key
from funnel.models.opportunities import Opportunity
from leads.models import Lead
from metrics.rate import Row
from metrics.registry import LeadPks, Part, Question
from teams.models import Organization


def won(question: Question) -> QuerySet[Opportunity]:
    """Return the opportunities won in the period and not reopened."""
    contracts = Opportunity.objects.won().filter(
        won_at__gte=question.period.starts_at, won_at__lt=question.counts_until
    )
    return question.filtered(contracts.filter(lead__merged_into=None)).order_by()


def count_contracts(question: Question) -> Iterable[Row]:
    return [Row.of_count(key, n) for key, n in sorted(count_by_key(won(question), question, "won_at").items())]


def leads_contracts(question: Question, part: Part) -> LeadPks:
    return won(question).values("lead") if part != "flagged" else Lead.objects.none().values("pk")


def in_company_currency() -> Q:
    """Of the contracts, those whose amount adds up: without an exchange rate, only the company's own currency."""
    return Q(currency__in=["", Organization.ours().currency], amount__isnull=False)


def count_revenue(question: Question) -> Iterable[Row]:
    ours = in_company_currency()
    keyed = won(question).annotate(key=question.key("won_at")).values("key")
    rows = keyed.annotate(
        total=Coalesce(Sum("amount", filter=ours), 0, output_field=Opportunity._meta.get_field("amount")),
        cases=Count("pk", filter=ours),
        flagged=Count("pk", filter=~ours),
    ).order_by("key")
    return [Row.of_value(row["key"], row["total"], cases=row["cases"], flagged=row["flagged"]) for row in rows]


def leads_revenue(question: Question, part: Part) -> LeadPks:
    ours = in_company_currency()
    return won(question).filter(~ours if part == "flagged" else ours).values("lead")
