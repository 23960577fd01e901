"""How the funnel flows: entries, conversions in three views, contracts.

All of them read the ledger. A lead's first entry into a stage counts for rates; re-entries are counted apart. A lead
that never entered a stage is in none of its cohorts: skipped stages are not invented.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from funnel.metrics.counting import count_steps, stages_from, step_keys
from funnel.models.journeys import Transition
from funnel.models.stages import StageRole
from metrics.asked import Answer, AskedRows, counted, under_keys
from metrics.rate import Rate, Row
from metrics.registry import LeadPks, Part, Question, View
from smarketing.database.together import Asked


def entries(role: str, question: Question) -> QuerySet[Transition]:
    """Return the transitions that brought leads into exactly this stage in the period, first or again."""
    arrived = Transition.objects.filter(
        to_stage__role=role,
        lead__merged_into=None,
        at__gte=question.period.starts_at,
        at__lt=question.counts_until,
    )
    return question.filtered(question.told(arrived), own=step_keys())


def entered_before(question: Question) -> Exists:
    """Whether the same lead entered the same stage before this transition."""
    before = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    return Exists(
        question.told(Transition.objects.filter(before, lead=OuterRef("lead"), to_stage=OuterRef("to_stage")))
    )


def first_entries(role: str, question: Question) -> QuerySet[Transition]:
    """Return the transitions that brought leads into exactly this stage for the first time, in the period."""
    return entries(role, question).filter(~entered_before(question))


def re_entries(role: str, question: Question) -> QuerySet[Transition]:
    """Return those that brought leads back into it."""
    return entries(role, question).filter(entered_before(question))


# Entered


def count_entered(question: Question) -> Answer:
    return counted(count_steps(first_entries(question.to_role or StageRole.LEAD, question), question))


def leads_entered(question: Question, part: Part) -> LeadPks:
    return first_entries(question.to_role or StageRole.LEAD, question).order_by().values("lead")


def count_reentered(question: Question) -> Answer:
    return counted(count_steps(re_entries(question.to_role or StageRole.MQL, question), question))


def leads_reentered(question: Question, part: Part) -> LeadPks:
    return re_entries(question.to_role or StageRole.MQL, question).order_by().values("lead")


# Conversion


def count_conversion(question: Question) -> Answer:
    views = {View.COHORT: _cohort, View.PERIOD: _period, View.STOCK: _stock}
    return views[View(question.view)](question)


def _with_outcome(question: Question) -> QuerySet[Transition]:
    """Return the cohort, each entry with `converted`, and `before` where the outcome is dated before its cause."""
    reached = question.told(
        Transition.objects.filter(lead=OuterRef("lead"), to_stage__in=stages_from(question.to_role))
    )
    after = reached.filter(at__gte=OuterRef("at"), at__lt=question.known_until)
    if question.window:
        after = after.filter(at__lt=OuterRef("at") + question.window)
    cohort = first_entries(question.from_role, question)
    return cohort.annotate(converted=Exists(after), before=Exists(reached.filter(at__lt=OuterRef("at"))))


def _cohort(question: Question) -> AskedRows:
    keyed = _with_outcome(question).annotate(key=question.key("at", own=step_keys())).order_by().values("key")
    rows = keyed.annotate(
        n=Count("pk"),
        hits=Count("pk", filter=Q(converted=True)),
        flagged=Count("pk", filter=Q(converted=False, before=True)),
    ).order_by("key")
    return Asked(
        (rows,),
        lambda found: [Row.of_rate(row["key"], Rate(row["hits"], row["n"]), flagged=row["flagged"]) for row in found],
    )


def _period(question: Question) -> AskedRows:
    into_a = count_steps(first_entries(question.from_role, question), question)
    into_b = count_steps(first_entries(question.to_role, question), question)
    return Asked((into_b, into_a), lambda b, a: _rates(dict(b), dict(a), sorted(dict([*a, *b]))))


def _rates(numerators: dict[str, int], denominators: dict[str, int], keys: Iterable[str]) -> list[Row]:
    return [Row.of_rate(key, Rate(numerators.get(key, 0), denominators.get(key, 0))) for key in keys]


def standing(at: datetime, question: Question) -> QuerySet[Transition]:
    """Return the last transition of each lead before a moment, of those that stood somewhere then."""
    steps = question.told(Transition.objects.filter(at__lt=at))
    later = steps.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")), lead=OuterRef("lead"))
    return steps.filter(~Exists(later), to_stage__isnull=False, lead__merged_into=None)


def _stock(question: Question) -> AskedRows:
    if not question.by_time:
        return _stock_at(question, question.period.ends_at)
    whole = replace(question, by="")
    return under_keys([(part.key, _stock_at(whole, part.ends_at)) for part in question.buckets()])


def _stock_at(question: Question, end: datetime) -> AskedRows:
    rows = question.filtered(standing(min(end, question.known_until), question), own=step_keys())
    roles = (question.to_role, question.from_role)
    counts = (count_steps(_standing_from(rows, role), question) for role in roles)
    return Asked(tuple(counts), lambda b, a: _rates(dict(b), dict(a), sorted(dict(a))))


def _standing_from(rows: QuerySet[Transition], role: str) -> QuerySet[Transition]:
    return rows.filter(to_stage__in=stages_from(role)).order_by()


def leads_conversion(question: Question, part: Part) -> LeadPks:
    if question.view == View.COHORT:
        cohort = _with_outcome(question)
        only = {"numerator": {"converted": True}, "flagged": {"converted": False, "before": True}, "denominator": {}}
        return cohort.filter(**only[part]).order_by().values("lead")
    if part == "flagged":
        return Transition.objects.none().values("lead")
    role = question.to_role if part == "numerator" else question.from_role
    if question.view == View.PERIOD:
        return first_entries(role, question).order_by().values("lead")
    rows = question.filtered(standing(question.counts_until, question), own=step_keys())
    return _standing_from(rows, role).values("lead")


# Contracts
