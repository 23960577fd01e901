"""What is answered: accepted or rejected, why, and whether the lead fits its persona."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from metrics.rate import Row
from metrics.registry import Metric, Question, Unit
from sla.handoffs.models.handoffs import Handoff
from sla.metrics.handoffs import DIMENSIONS, behind, counts, of_leads, rates


def answered(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs that were accepted or rejected in the period."""
    return of_leads(question).filter(
        answer__in=[Handoff.Answer.ACCEPTED, Handoff.Answer.REJECTED],
        answered_at__gte=question.period.starts_at,
        answered_at__lt=question.counts_until,
    )


def accepted(question: Question) -> QuerySet[Handoff]:
    return answered(question).filter(answer=Handoff.Answer.ACCEPTED)


def rejected(question: Question) -> QuerySet[Handoff]:
    return answered(question).filter(answer=Handoff.Answer.REJECTED)


def judged(question: Question) -> QuerySet[Handoff]:
    """Return the answers that say whether the lead fits its persona."""
    return answered(question).exclude(verdict="")


def fitting(question: Question) -> QuerySet[Handoff]:
    return judged(question).filter(verdict=Handoff.Verdict.FITS)


def count_rejected(question: Question) -> Iterable[Row]:
    return counts(rejected(question), question, "answered_at")


def count_judged(question: Question) -> Iterable[Row]:
    return counts(judged(question), question, "answered_at")


def count_acceptance(question: Question) -> Iterable[Row]:
    return rates(answered(question), Q(answer=Handoff.Answer.ACCEPTED), question, "answered_at")


def count_persona_fit(question: Question) -> Iterable[Row]:
    return rates(judged(question), Q(verdict=Handoff.Verdict.FITS), question, "answered_at")


METRICS = (
    Metric(
        "acceptance",
        _("Acceptance"),
        _("Of the hand-offs answered in the period, those that were accepted. Withdrawn ones are no answers."),
        Unit.RATE,
        count_acceptance,
        behind(answered, accepted),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "rejected",
        _("Hand-offs rejected"),
        _("Hand-offs that sales rejected in the period."),
        Unit.COUNT,
        count_rejected,
        behind(rejected),
        dimensions=(*DIMENSIONS, "reason", "verdict"),
    ),
    Metric(
        "verdicts",
        _("Persona verdicts"),
        _("Answers in the period that say whether the lead fits its persona."),
        Unit.COUNT,
        count_judged,
        behind(judged),
        dimensions=(*DIMENSIONS, "verdict"),
    ),
    Metric(
        "persona_fit",
        _("Fit with the persona"),
        _("Of the answers in the period that say whether the lead fits its persona, those that say it fits."),
        Unit.RATE,
        count_persona_fit,
        behind(judged, fitting),
        dimensions=DIMENSIONS,
    ),
)
