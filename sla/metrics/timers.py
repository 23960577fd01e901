"""Metrics of timers: hand-offs answered in time or not, and after how much open time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from metrics.asked import Answer, AskedRows
from metrics.rate import Row
from metrics.registry import Metric, Question, Unit
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from sla.metrics.answers import answered
from sla.metrics.handoffs import DIMENSIONS, behind, filtered_handoffs, group_by_key, rate_rows
from smarketing.database.together import Asked


class Median(Aggregate):
    """The middle of the durations: half took longer."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def with_timer(rows: QuerySet[Handoff], kind: Timer.Kind = Timer.Kind.ANSWER) -> QuerySet[Any]:
    timer = FilteredRelation("timers", condition=Q(timers__kind=kind))
    return rows.annotate(timer=timer, due_at=F("timer__due_at"), open_time=F("timer__open_time"))


def kept(question: Question) -> Q:
    return Q(timer__kept_at__lt=question.known_until)


def due_in_period(question: Question, kind: Timer.Kind) -> QuerySet[Any]:
    """Return the hand-offs with a timer of that kind that fell due in the period, or was kept before that."""
    rows = with_timer(filtered_handoffs(question), kind)
    in_period = rows.filter(timer__due_at__gte=question.period.starts_at, timer__due_at__lt=question.period.ends_at)
    return in_period.filter(kept(question) | Q(timer__due_at__lt=question.at))


def answers_due(question: Question) -> QuerySet[Any]:
    """Return the hand-offs whose answer fell due in the period, but not those withdrawn before it did.

    What falls due later than the question is asked counts once it is answered. What is overdue is not kept, whether
    a sweep has seen it or not.
    """
    withdrawn = Q(answer=Handoff.Answer.WITHDRAWN, timer__stopped_at__lte=F("timer__due_at"))
    return due_in_period(question, Timer.Kind.ANSWER).exclude(withdrawn)


def count_answered_in_time(question: Question) -> Answer:
    return rate_rows(answers_due(question), kept(question), question, "due_at")


def with_open_time(question: Question) -> QuerySet[Any]:
    """Return the answers of the period whose timer ran."""
    return with_timer(answered(question)).filter(timer__open_time__isnull=False)


def count_time_to_answer(question: Question) -> Answer:
    return median_rows(with_open_time(question), "timer__open_time", question)


def median_rows(rows: QuerySet[Any], time: str, question: Question) -> AskedRows:
    """The median of the column `time` of those answers, in seconds, by the question's key."""
    keyed = group_by_key(rows, question, "answered_at")
    medians = keyed.annotate(median=Median(time), cases=Count("pk")).order_by("key")
    return Asked(
        (medians,),
        lambda found: [Row.of_value(row["key"], to_seconds(row["median"]), cases=row["cases"]) for row in found],
    )


def with_wait(question: Question) -> QuerySet[Any]:
    """Return the answers of the period with how long their lead waited for one, whoever it was offered to on the way.

    The offers of one transition follow each other, each with its own timer: their open times add up.
    """
    timers = Timer.objects.filter(handoff__transition=OuterRef("transition"), kind=Timer.Kind.ANSWER).order_by()
    total = timers.values("handoff__transition").annotate(total=Sum("open_time")).values("total")
    answers: QuerySet[Any] = with_open_time(question).annotate(waited=Subquery(total, output_field=DurationField()))
    return answers


def count_wait(question: Question) -> Answer:
    return median_rows(with_wait(question), "waited", question)


def to_seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


METRICS = (
    Metric(
        "answered_in_time",
        _("Answered in time"),
        _(
            "Of the hand-offs whose answer fell due in the period, those answered by then, in opening hours."
            " Those withdrawn before they fell due are left out."
        ),
        Unit.RATE,
        count_answered_in_time,
        behind(answers_due, lambda question: answers_due(question).filter(kept(question))),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "wait",
        _("Wait for an answer"),
        _(
            "The median open time from the first offer to the answer, of the hand-offs answered in the period, however"
            " often the lead was offered to another on the way."
        ),
        Unit.DURATION,
        count_wait,
        behind(with_wait),
        dimensions=DIMENSIONS,
        each=("waited",),
    ),
    Metric(
        "time_to_answer",
        _("Time to answer"),
        _("The median open time from the offer to the answer, of the hand-offs answered in the period."),
        Unit.DURATION,
        count_time_to_answer,
        behind(with_open_time),
        dimensions=DIMENSIONS,
        each=("open_time",),
    ),
)
