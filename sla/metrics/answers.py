"""Metrics of answers: accepted or rejected, why, and whether the lead fits its persona."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from metrics.asked import Answer
from metrics.registry import Metric, Question, Unit
from sla.handoffs.models.handoffs import Handoff
from sla.metrics.handoffs import DIMENSIONS, behind, count_rows, filtered_handoffs, not_handed_on, rate_rows


def answered(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs that were accepted or rejected in the period."""
    return not_handed_on(filtered_handoffs(question)).filter(
        answer__in=[Handoff.Answer.ACCEPTED, Handoff.Answer.REJECTED],
        answered_at__gte=question.period.starts_at,
        answered_at__lt=question.counts_until,
    )


def accepted(question: Question) -> QuerySet[Handoff]:
    return answered(question).filter(answer=Handoff.Answer.ACCEPTED)


def rejected(question: Question) -> QuerySet[Handoff]:
    return answered(question).filter(answer=Handoff.Answer.REJECTED)


def with_verdict(question: Question) -> QuerySet[Handoff]:
    """Return the answers that say whether the lead fits the persona that it was offered with."""
    return answered(question).filter(persona__isnull=False).exclude(verdict="")


def without_persona(question: Question) -> QuerySet[Handoff]:
    """Return the answers about leads that were offered without a persona."""
    return answered(question).filter(persona=None)


def with_named_persona(question: Question) -> QuerySet[Handoff]:
    return without_persona(question).filter(named_persona__isnull=False)


def with_fitting_verdict(question: Question) -> QuerySet[Handoff]:
    return with_verdict(question).filter(verdict=Handoff.Verdict.FITS)


def count_rejected(question: Question) -> Answer:
    return count_rows(rejected(question), question, "answered_at")


def count_verdicts(question: Question) -> Answer:
    return count_rows(with_verdict(question), question, "answered_at")


def count_acceptance(question: Question) -> Answer:
    return rate_rows(answered(question), Q(answer=Handoff.Answer.ACCEPTED), question, "answered_at")


def count_persona_fit(question: Question) -> Answer:
    return rate_rows(with_verdict(question), Q(verdict=Handoff.Verdict.FITS), question, "answered_at")


def count_named_personas(question: Question) -> Answer:
    return rate_rows(without_persona(question), Q(named_persona__isnull=False), question, "answered_at")


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
        count_verdicts,
        behind(with_verdict),
        dimensions=(*DIMENSIONS, "verdict"),
    ),
    Metric(
        "persona_fit",
        _("Fit with the persona"),
        _("Of the answers in the period that say whether the lead fits its persona, those that say it fits."),
        Unit.RATE,
        count_persona_fit,
        behind(with_verdict, with_fitting_verdict),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "named_persona",
        _("Persona named by sales"),
        _("Of the answers in the period about leads without a persona, those in which sales names one."),
        Unit.RATE,
        count_named_personas,
        behind(without_persona, with_named_persona),
        dimensions=DIMENSIONS,
    ),
)
