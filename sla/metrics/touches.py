"""Metrics of touches: the first in time, any at all, and as many as agreed."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from metrics.asked import Answer
from metrics.registry import Metric, Question, Unit
from sla.handoffs.models.timers import Timer
from sla.handoffs.models.touches import Touch
from sla.metrics.answers import accepted
from sla.metrics.handoffs import DIMENSIONS, behind, filtered_handoffs, rate_rows
from sla.metrics.timers import due_in_period, kept


def first_touches_due(question: Question) -> QuerySet[Any]:
    """Return the hand-offs whose first touch fell due in the period, but not those that ended before it did."""
    ended = Q(timer__kept_at=None, timer__stopped_at__lte=F("timer__due_at"))
    return due_in_period(question, Timer.Kind.FIRST_TOUCH).exclude(ended)


def count_first_touch_in_time(question: Question) -> Answer:
    return rate_rows(first_touches_due(question), kept(question), question, "due_at")


def touches(question: Question) -> QuerySet[Touch]:
    """Return the touches of the outer hand-off up to the moment of the question."""
    return Touch.objects.filter(handoff=OuterRef("pk"), at__lt=question.known_until)


def accepted_with_worked(question: Question) -> QuerySet[Any]:
    """Return the hand-offs accepted in the period, each with whether it was `worked` since."""
    touches_since = touches(question).filter(at__gte=OuterRef("answered_at"))
    return accepted(question).annotate(worked=Exists(touches_since))


def count_worked(question: Question) -> Answer:
    return rate_rows(accepted_with_worked(question), Q(worked=True), question, "answered_at")


def given_up(question: Question) -> QuerySet[Any]:
    """Return the hand-offs given up in the period whose policy has a cadence, each with whether `cadence_kept`: they
    were touched as often as agreed by then, or somebody had answered."""
    by_then = touches(question).filter(at__lte=OuterRef("given_up_at")).order_by()
    made = by_then.values("handoff").annotate(n=Count("pk")).values("n")
    ended = filtered_handoffs(question).filter(
        policy__touches__isnull=False,
        given_up_at__gte=question.period.starts_at,
        given_up_at__lt=question.counts_until,
    )
    with_touches = ended.annotate(touched=Coalesce(Subquery(made), 0), answers=Exists(by_then.filter(is_contact=True)))
    return with_touches.annotate(cadence_kept=Q(touched__gte=F("policy__touches")) | Q(answers=True))


def count_cadence_kept(question: Question) -> Answer:
    return rate_rows(given_up(question), Q(cadence_kept=True), question, "given_up_at")


METRICS = (
    Metric(
        "first_touch_in_time",
        _("First touch in time"),
        _(
            "Of the accepted hand-offs whose first touch fell due in the period, those touched by then, in opening"
            " hours. Those that ended before it fell due are left out."
        ),
        Unit.RATE,
        count_first_touch_in_time,
        behind(first_touches_due, lambda question: first_touches_due(question).filter(kept(question))),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "worked",
        _("Hand-offs worked"),
        _("Of the hand-offs accepted in the period, those that were touched since."),
        Unit.RATE,
        count_worked,
        behind(accepted, lambda question: accepted_with_worked(question).filter(worked=True)),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "cadence_kept",
        _("Touches as agreed"),
        _(
            "Of the hand-offs given up in the period, those touched as often as agreed by then, or answered by the"
            " lead. Those for which no number of touches is agreed are left out."
        ),
        Unit.RATE,
        count_cadence_kept,
        behind(given_up, lambda question: given_up(question).filter(cadence_kept=True)),
        dimensions=DIMENSIONS,
    ),
)
