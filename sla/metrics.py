"""How both teams keep their word about hand-offs: how many are offered, how they are answered, and how soon.

A hand-off counts once, under the rep it was offered to. All of them open the leads that were handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from funnel.metrics import DIMENSIONS as OF_LEAD
from funnel.metrics import counted, standing
from funnel.models import Reason, Transition
from leads.metrics import text_at
from leads.models import Lead
from metrics.rate import Rate, Row
from metrics.registry import Dimension, LeadPks, Metric, Part, Question, Unit, View, register, register_dimension
from sla.models import Agreement, Handoff, Hop
from smarketing.wording import person_name
from teams.models import User


def rep_name(key: str) -> str:
    return person_name(User.objects.filter(pk=key).first()) if key.isdigit() else key


def reason_name(key: str) -> str:
    return str(Reason.objects.filter(key=key).order_by("kind").last() or key)


# These belong to the hand-off, not to its lead: only metrics that count hand-offs take them.
register_dimension(Dimension("rep", _("Rep"), "sla", key=lambda lead: text_at("rep", ""), words=rep_name))
register_dimension(
    Dimension("reason", _("Reason"), "sla", key=lambda lead: text_at("reason__key", ""), words=reason_name)
)
register_dimension(
    Dimension(
        "verdict",
        _("Verdict"),
        "sla",
        key=lambda lead: text_at("verdict", ""),
        words=lambda key: Handoff.Verdict(key).label if key in Handoff.Verdict.values else key,
    )
)
DIMENSIONS = (*OF_LEAD, "rep")
# Hand-offs, or the steps that call for one.
Rows = Callable[[Question], QuerySet[Any]]


class Median(Aggregate):
    """The middle of the durations: half took longer."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def of_leads(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs of the leads that the question is about."""
    return question.filtered(Handoff.objects.filter(lead__merged_into=None)).order_by()


# Offered


def offered(question: Question) -> QuerySet[Handoff]:
    return of_leads(question).filter(offered_at__gte=question.period.starts_at, offered_at__lt=question.counts_until)


def count_offered(question: Question) -> Iterable[Row]:
    found = counted(offered(question), question, "offered_at")
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


# Answered


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
    found = counted(rejected(question), question, "answered_at")
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


def count_judged(question: Question) -> Iterable[Row]:
    found = counted(judged(question), question, "answered_at")
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


def count_acceptance(question: Question) -> Iterable[Row]:
    return rates(answered(question), Q(answer=Handoff.Answer.ACCEPTED), question, "answered_at")


def count_persona_fit(question: Question) -> Iterable[Row]:
    return rates(judged(question), Q(verdict=Handoff.Verdict.FITS), question, "answered_at")


def rates(rows: QuerySet[Handoff], hit: Q, question: Question, at: str) -> list[Row]:
    """Of the rows by the question's key, the share of those that hit."""
    keyed = rows.annotate(key=question.key(at)).values("key")
    answer = keyed.annotate(n=Count("pk"), hits=Count("pk", filter=hit)).order_by("key")
    return [Row.of_rate(row["key"], Rate(row["hits"], row["n"])) for row in answer]


# In time


def with_answer_clock(rows: QuerySet[Handoff]) -> QuerySet[Any]:
    clock = FilteredRelation("timers", condition=Q(timers__kind="answer"))
    return rows.annotate(clock=clock, due_at=F("clock__due_at"), open_time=F("clock__open_time"))


def kept(question: Question) -> Q:
    return Q(clock__kept_at__lt=question.known_until)


def fell_due(question: Question) -> QuerySet[Any]:
    """Return the hand-offs whose answer fell due in the period, but not those withdrawn before it did.

    What falls due later than the question is asked counts once it is answered. What is overdue is not kept, whether
    a sweep has seen it or not.
    """
    withdrawn = Q(answer=Handoff.Answer.WITHDRAWN, clock__stopped_at__lte=F("clock__due_at"))
    decided = kept(question) | Q(clock__due_at__lt=question.at)
    rows = with_answer_clock(of_leads(question))
    in_period = rows.filter(clock__due_at__gte=question.period.starts_at, clock__due_at__lt=question.period.ends_at)
    return in_period.filter(decided & ~withdrawn)


def count_answered_in_time(question: Question) -> Iterable[Row]:
    return rates(fell_due(question), kept(question), question, "due_at")


def timed(question: Question) -> QuerySet[Any]:
    """Return the answers of the period whose clock ran."""
    return with_answer_clock(answered(question)).filter(clock__open_time__isnull=False)


def count_time_to_answer(question: Question) -> Iterable[Row]:
    keyed = timed(question).annotate(key=question.key("answered_at")).values("key")
    rows = keyed.annotate(median=Median("clock__open_time"), cases=Count("pk")).order_by("key")
    return [Row.of_value(row["key"], seconds(row["median"]), cases=row["cases"]) for row in rows]


def seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


# How it stands at a moment


def unanswered(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs that wait for an answer at the end of the period."""
    end = question.counts_until
    later = Q(answered_at=None) | Q(answered_at__gte=end)
    return of_leads(question).filter(later, offered_at__lt=end)


def overdue(question: Question) -> QuerySet[Any]:
    # Exactly on the deadline it is in time.
    end = min(question.period.ends_at, question.at)
    return with_answer_clock(unanswered(question)).filter(clock__due_at__lt=end)


def unoffered(question: Question) -> QuerySet[Transition]:
    """Return the steps into a hop's stage that nobody was offered by the end of the period, of leads that stand there
    then. Imported history waits for nobody."""
    end = question.counts_until
    hops = Hop.objects.filter(agreement__in=Agreement.objects.in_force(end)).values("from_stage")
    offers = Handoff.objects.filter(offered_at__lt=end)
    still_open = offers.filter(Q(answered_at=None) | Q(answered_at__gte=end))
    steps = standing(end).filter(to_stage__in=hops).exclude(how=Transition.How.IMPORT)
    waiting = steps.filter(
        ~Exists(offers.filter(transition=OuterRef("pk"))), ~Exists(still_open.filter(lead=OuterRef("lead")))
    )
    return question.filtered(waiting)


def stock(rows: Rows, at: str) -> Callable[[Question], Iterable[Row]]:
    """Return what counts those rows at the end of the period, or of each week or month in it."""

    def count(question: Question) -> Iterable[Row]:
        if question.by in ("month", "week"):
            ends = [(part.key, replace(question, by="", period=part)) for part in question.buckets()]
            return [Row.of_count(key, rows(part).count()) for key, part in ends]
        return [Row.of_count(key, n) for key, n in sorted(counted(rows(question), question, at).items())]

    return count


# The leads behind


def behind(denominator: Rows, numerator: Rows | None = None) -> Callable[[Question, Part], LeadPks]:
    """Return what gives the leads of those hand-offs. A count has a numerator only, and it is all of them."""

    def leads(question: Question, part: Part) -> LeadPks:
        if part == "flagged":
            return Lead.objects.none().values("pk")
        rows = (numerator or denominator) if part == "numerator" else denominator
        return rows(question).order_by().values("lead")

    return leads


for metric in (
    Metric(
        "offered",
        _("Hand-offs offered"),
        _("Leads offered to a rep in the period. One that is offered again, to another, counts again."),
        Unit.COUNT,
        count_offered,
        behind(offered),
        dimensions=DIMENSIONS,
    ),
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
        "answered_in_time",
        _("Answered in time"),
        _(
            "Of the hand-offs whose answer fell due in the period, those answered by then, in opening hours."
            " Those withdrawn before they fell due are left out."
        ),
        Unit.RATE,
        count_answered_in_time,
        behind(fell_due, lambda question: fell_due(question).filter(kept(question))),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "time_to_answer",
        _("Time to answer"),
        _("The median open time from the offer to the answer, of the hand-offs answered in the period."),
        Unit.DURATION,
        count_time_to_answer,
        behind(timed),
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
    Metric(
        "unanswered",
        _("Hand-offs unanswered"),
        _("Hand-offs that wait for an answer at the end of the period."),
        Unit.COUNT,
        stock(unanswered, "offered_at"),
        behind(unanswered),
        views=(View.STOCK,),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "overdue",
        _("Hand-offs overdue"),
        _("Hand-offs that wait for an answer at the end of the period, and have fallen due."),
        Unit.COUNT,
        stock(overdue, "offered_at"),
        behind(overdue),
        views=(View.STOCK,),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "unoffered",
        _("Leads nobody was offered"),
        _("Leads that stand where leads are handed over, at the end of the period, offered to nobody."),
        Unit.COUNT,
        stock(unoffered, "at"),
        behind(unoffered),
        views=(View.STOCK,),
        dimensions=OF_LEAD,
    ),
):
    register(metric)
