"""Metrics at a moment: what waits for an answer, is overdue, or was offered to nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from funnel.metrics.conversions import standing
from funnel.metrics.counting import DIMENSIONS as OF_LEAD
from funnel.metrics.counting import count_steps, step_keys
from funnel.models import Transition
from metrics.asked import AskedRows, counted, under_keys
from metrics.registry import Metric, Question, Unit, View
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.hops import Hop
from sla.handoffs.models.handoffs import Handoff
from sla.metrics.handoffs import DIMENSIONS, CountByKey, QuerySetFor, behind, count_by_key, filtered_handoffs
from sla.metrics.timers import with_timer


def unanswered(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs that wait for an answer at the end of the period."""
    end = question.counts_until
    later = Q(answered_at=None) | Q(answered_at__gte=end)
    return filtered_handoffs(question).filter(later, offered_at__lt=end)


def overdue(question: Question) -> QuerySet[Any]:
    # Exactly on the deadline it is in time.
    end = min(question.period.ends_at, question.at)
    return with_timer(unanswered(question)).filter(timer__due_at__lt=end)


def unoffered(question: Question) -> QuerySet[Transition]:
    """Return the transitions into a hop's stage that nobody was offered by the end of the period, of leads that stand
    there then. Imported history waits for nobody."""
    end = question.counts_until
    hops = Hop.objects.filter(agreement__in=Agreement.objects.in_force(end)).values("from_stage")
    offers = Handoff.objects.filter(offered_at__lt=end)
    still_open = offers.filter(Q(answered_at=None) | Q(answered_at__gte=end))
    steps = standing(end, question).filter(to_stage__in=hops).exclude(how=Transition.How.IMPORT)
    waiting = steps.filter(
        ~Exists(offers.filter(transition=OuterRef("pk"))), ~Exists(still_open.filter(lead=OuterRef("lead")))
    )
    return question.filtered(waiting, own=step_keys())


def count_stock(rows: QuerySetFor, at: str, by_key: CountByKey = count_by_key) -> Callable[[Question], AskedRows]:
    """Return a function that counts those rows at the end of the period, or of each week, month or quarter in it."""

    def count(question: Question) -> AskedRows:
        if question.by_time:
            ends = [(part.key, replace(question, by="", period=part)) for part in question.buckets()]
            return under_keys([(key, count(part)) for key, part in ends])
        return counted(by_key(rows(question), question, at))

    return count


METRICS = (
    Metric(
        "unanswered",
        _("Hand-offs unanswered"),
        _("Hand-offs that wait for an answer at the end of the period."),
        Unit.COUNT,
        count_stock(unanswered, "offered_at"),
        behind(unanswered),
        views=(View.STOCK,),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "overdue",
        _("Hand-offs overdue"),
        _("Hand-offs that wait for an answer at the end of the period, and have fallen due."),
        Unit.COUNT,
        count_stock(overdue, "offered_at"),
        behind(overdue),
        views=(View.STOCK,),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "unoffered",
        _("Leads nobody was offered"),
        _("Leads that stand where leads are handed over, at the end of the period, offered to nobody."),
        Unit.COUNT,
        count_stock(unoffered, "at", count_steps),
        behind(unoffered),
        views=(View.STOCK,),
        dimensions=OF_LEAD,
    ),
)
