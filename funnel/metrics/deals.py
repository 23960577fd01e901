"""Deals as their history tells them: what was decided in a period, what is open at a moment, and by what both are cut.

A question knows what had happened by its moment: a deal that was reopened later was a contract until then, and amounts,
kinds and owners are those of then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from funnel.metrics.counting import DIMENSIONS as OF_LEAD
from funnel.metrics.counting import deal_keys
from funnel.models.deal_stages import DealStage
from funnel.models.opportunities import Opportunity
from funnel.models.opportunity_steps import OpportunityStep, OpportunityStepQuerySet
from funnel.models.stages import Reason
from leads.metrics import text_at
from metrics.question import Dimension, Question, register_dimension

# From a row of a deal's history to the lead.
LEAD = "opportunity__lead__"
What = OpportunityStep.What


def kind_name(key: str) -> Any:
    return Opportunity.Kind(key).label if key in Opportunity.Kind.values else key


def deal_stage_name(key: str) -> str:
    return str(next((each for each in DealStage.objects.known() if each.key == key), key))


def reason_names(kind: Reason.Kind) -> Callable[[Sequence[str]], dict[str, str]]:
    return lambda keys: {reason.key: str(reason) for reason in Reason.objects.known() if reason.kind == kind}


# These belong to the deal, not to its lead: only metrics that count deals take them, as `with_terms` names them.
for deal_dimension in (
    Dimension("kind", _("Kind of deal"), "funnel", key=lambda lead: text_at("deal_kind", ""), words=kind_name),
    Dimension(
        "deal_stage",
        _("Stage of the deal"),
        "funnel",
        key=lambda lead: text_at("deal_stage", ""),
        words=deal_stage_name,
    ),
    Dimension(
        "won_reason",
        _("Why they bought"),
        "funnel",
        key=lambda lead: text_at("reason__key", ""),
        names=reason_names(Reason.Kind.WON),
    ),
    Dimension(
        "lost_reason",
        _("Why they did not buy"),
        "funnel",
        key=lambda lead: text_at("reason__key", ""),
        names=reason_names(Reason.Kind.LOST),
    ),
):
    register_dimension(deal_dimension)
# The rep of a deal is its owner; `sla` registers the dimension for those who answer hand-offs.
DIMENSIONS = (*OF_LEAD, "rep", "kind")


def decided(what: OpportunityStep.What, question: Question) -> QuerySet[OpportunityStep]:
    """Return the outcomes of that kind in the period that still held at the moment of the question: of each deal the
    last, by its owner then."""
    last = _told(question).last_of_strand(OpportunityStep.OUTCOMES, before=question.known_until)
    rows = last.filter(what=what, at__gte=question.period.starts_at, at__lt=question.counts_until)
    owner = _terms(question, question.known_until).filter(at__lte=OuterRef("at")).values("owner")[:1]
    return _filtered(rows, question, question.known_until, owner)


def open_deals(question: Question) -> QuerySet[OpportunityStep]:
    """Return, of each deal that is open at the end of the period, the row by which it was opened, last."""
    end = question.counts_until
    last = _told(question).last_of_strand(OpportunityStep.OUTCOMES, before=end)
    rows = last.filter(what__in=(What.OPENED, What.REOPENED))
    return _filtered(rows, question, end, _terms(question, end).values("owner")[:1])


def group_by_key(rows: QuerySet[OpportunityStep], question: Question) -> QuerySet[Any, Any]:
    """Group rows by the question's key, for an aggregate to follow."""
    keyed: QuerySet[Any, Any] = (
        rows.annotate(key=question.key("at", LEAD, deal_keys(question))).order_by().values("key")
    )
    return keyed


def _told(question: Question) -> OpportunityStepQuerySet:
    told: OpportunityStepQuerySet = question.told(OpportunityStep.objects.all())  # type: ignore[assignment]
    return told


def _terms(question: Question, until: datetime) -> QuerySet[OpportunityStep]:
    """The rows of the same deal that say its terms, before a moment, the last first."""
    of_deal = _told(question).terms().filter(opportunity=OuterRef("opportunity"), at__lt=until)
    return of_deal.order_by("-at", "-pk")


def _filtered(
    rows: QuerySet[OpportunityStep], question: Question, until: datetime, owner: QuerySet[Any, Any]
) -> QuerySet[OpportunityStep]:
    """Those of the leads and deals that the question is about, with the terms and the stage of that moment."""
    terms = _terms(question, until)
    moves = (
        _told(question)
        .filter(opportunity=OuterRef("opportunity"), what__in=OpportunityStep.MOVES, at__lt=until)
        .order_by("-at", "-pk")
    )
    known = rows.filter(opportunity__lead__merged_into=None).annotate(
        lead=F("opportunity__lead"),
        rep=Subquery(owner),
        deal_kind=Subquery(terms.values("kind")[:1]),
        deal_amount=Subquery(terms.values("amount")[:1]),
        deal_currency=Subquery(terms.values("currency")[:1]),
        deal_stage=Subquery(moves.values("stage__key")[:1]),
    )
    return question.filtered(known, LEAD, deal_keys(question)).order_by()
