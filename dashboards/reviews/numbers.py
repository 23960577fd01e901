"""The numbers of a review: those of now, or those that were kept when it was held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from dashboards.attainment.stored import Stored, from_stored, to_store
from dashboards.reviews.models import KeptReview
from dashboards.reviews.yields import PARTS, qualifying_transitions
from funnel.models import Definition
from metrics.period import Period
from metrics.question import Question
from sla.attainment.judging import judge, values_by_period
from sla.attainment.periods import judged_clauses
from sla.disputes.reasons import ReasonList, asked_reason_lists, lists_of_counts
from sla.models import Attainment, Calendar, Clause, Review
from smarketing.database.together import Asked

# What a definition's leads came to: how many were qualified, accepted, rejected, and are customers.
Counts = dict[str, int]


@dataclass(frozen=True)
class ReviewNumbers:
    """What became of the promises, in the order of the agreement, of each definition, and the reasons."""

    attainments: list[Attainment]
    yields: list[tuple[Definition, Counts]]
    reasons: list[ReasonList]


def asked_numbers(review: Review, at: datetime) -> Asked[ReviewNumbers]:
    """Those that were kept if it was held, else those of now, to be asked with what else the page shows."""
    period = Period(review.starts_on, review.ends_on)
    if review.held_at is not None:
        return _asked_kept(keep(review, review.held_at), period, review.held_at)
    attainments = Attainment.objects.filter(starts_on__lt=period.end, ends_on__gt=period.start)
    related = ("clause__team", "clause__owner", "clause__agreement")
    ordered = attainments.select_related(*related).order_by(
        "clause__agreement__number", "clause__position", "starts_on"
    )
    yields, reasons = _asked_yields(period, at), asked_reason_lists(Question(period, at=at))
    asked = Asked.all_of([Asked((ordered,), list), yields, reasons])
    return Asked(asked.querysets, lambda *found: ReviewNumbers(*asked.make(*found)))


def keep(review: Review, held_at: datetime) -> dict[str, Any]:
    """Keep what was known when it was held, once, whenever it is computed; return it."""
    kept = KeptReview.objects.filter(review=review).first()
    if kept is None:
        with transaction.atomic():
            seen = _seen_numbers(Period(review.starts_on, review.ends_on), held_at)
            kept, _is_new = KeptReview.objects.get_or_create(review=review, defaults={"numbers": seen})
    numbers: dict[str, Any] = kept.numbers
    return numbers


def _seen_numbers(period: Period, at: datetime) -> dict[str, Any]:
    reasons = asked_reason_lists(Question(period, at=at, as_seen=True)).fetch()
    return {
        "promises": _seen_promises(period, at),
        "yields": {str(each.pk): counts for each, counts in _asked_yields(period, at, as_seen=True).fetch()},
        "reasons": {each.name: {row.key: row.n for row in each.rows} for each in reasons},
    }


def _seen_promises(reviewed: Period, at: datetime) -> list[Stored]:
    """Each clause in its periods that the review covers, as seen at that moment; with what it was decided as before."""
    hours = Calendar.default().hours(at=at)
    decided = {
        (row.clause_id, row.starts_on): row.decided_value
        for row in Attainment.objects.filter(decided_at__lte=at, decided_value__isnull=False)
    }
    promises: list[Stored] = []
    for judged in judged_clauses(at):
        clause = judged.clause
        periods = [each for each in judged.periods if each.start < reviewed.end and each.end > reviewed.start]
        values = values_by_period(clause, periods, at, as_seen=True)
        promises += [
            to_store(judge(clause, each, values.get(each.key), hours, at, None))
            | {"decided": decided.get((clause.pk, each.start))}
            for each in periods
        ]
    return promises


def _asked_kept(numbers: dict[str, Any], period: Period, at: datetime) -> Asked[ReviewNumbers]:
    clauses = Clause.objects.filter(pk__in={each["clause"] for each in numbers["promises"]})
    definitions = Definition.objects.filter(pk__in=numbers["yields"]).select_related("stage")

    def make(clauses: Sequence[Clause], definitions: Sequence[Definition]) -> ReviewNumbers:
        of = {clause.pk: clause for clause in clauses}
        attainments = [_kept_attainment(each, of[each["clause"]], at) for each in numbers["promises"]]
        yields = [(each, numbers["yields"][str(each.pk)]) for each in definitions]
        question = Question(period, at=at, as_seen=True)
        return ReviewNumbers(attainments, yields, lists_of_counts(question, numbers["reasons"]))

    return Asked(
        (
            clauses.select_related("team", "owner", "agreement"),
            definitions.order_by("stage__position", "number"),
        ),
        make,
    )


def _kept_attainment(stored: Stored, clause: Clause, at: datetime) -> Attainment:
    attainment = from_stored(stored, clause, at=at)
    if stored["decided"] is not None:
        attainment.decided_at, attainment.decided_value = at, stored["decided"]
    return attainment


def _asked_yields(period: Period, until: datetime, *, as_seen: bool = False) -> Asked[list[tuple[Definition, Counts]]]:
    """What became of the leads that each definition qualified."""
    qualified = qualifying_transitions(period, until, as_seen=as_seen).order_by()
    counts: QuerySet[Any, Any] = qualified.values("definition").annotate(
        qualified=Count("lead", distinct=True),
        accepted=Count("lead", Q(is_accepted=True), distinct=True),
        rejected=Count("lead", Q(is_rejected=True), distinct=True),
        customers=Count("lead", Q(is_customer=True), distinct=True),
    )
    definitions = Definition.objects.filter(pk__in=qualified.values("definition")).select_related("stage")

    def make(counts: Sequence[dict[str, Any]], definitions: Sequence[Definition]) -> list[tuple[Definition, Counts]]:
        rows = {row["definition"]: row for row in counts}
        return [(each, {part: rows[each.pk][part] for part in PARTS}) for each in definitions]

    return Asked((counts, definitions.order_by("stage__position", "number")), make)
