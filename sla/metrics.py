"""How both teams keep their word about hand-offs: how many are offered, how they are answered, and how soon, and what
becomes of the leads.

A hand-off counts once, under the rep it was offered to, and under the persona and the quadrant that its lead had when
it was offered: see docs/decisions/hand-offs-keep-what-they-were.md. All of them open the leads that were handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    CharField,
    Count,
    DurationField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from funnel.metrics import DIMENSIONS as OF_LEAD
from funnel.metrics import counted as counted_by_lead
from funnel.metrics import stages_from, standing
from funnel.models import Reason, Stage, StageRole, Transition
from leads.metrics import text_at
from leads.models import Lead
from metrics.rate import Rate, Row
from metrics.registry import Dimension, LeadPks, Metric, Part, Question, Unit, View, register, register_dimension
from sla.models import Agreement, Handoff, Hop, Timer, Touch
from smarketing.wording import person_name
from teams.models import User


def rep_name(key: str) -> str:
    return person_name(User.objects.filter(pk=key).first()) if key.isdigit() else key


def reason_name(key: str) -> str:
    return str(Reason.objects.filter(key=key).order_by("kind").last() or key)


def stage_name(key: str) -> str:
    """The stage that a lead is handed over from."""
    return str(Stage.objects.filter(pk=key).first() or key) if key.isdigit() else key


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
register_dimension(
    Dimension("stage", _("Stage"), "sla", key=lambda lead: text_at("hop__from_stage", ""), words=stage_name)
)
DIMENSIONS = (*OF_LEAD, "rep", "stage")
# What a hand-off keeps of these: later matches and scores do not rewrite what was handed over.
AT_THE_OFFER = {
    "persona": text_at("persona", ""),
    "quadrant": Cast(F("quadrant"), CharField()),
}
# Hand-offs, or the steps that call for one.
Rows = Callable[[Question], QuerySet[Any]]
Counted = Callable[[QuerySet[Any], Question, str], dict[str, int]]


class Median(Aggregate):
    """The middle of the durations: half took longer."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def of_leads(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs of the leads that the question is about."""
    return question.filtered(Handoff.objects.filter(lead__merged_into=None), own=AT_THE_OFFER).order_by()


def by_key(rows: QuerySet[Any], question: Question, at: str) -> QuerySet[Any, Any]:
    """Hand-offs by the question's key, ready to be counted."""
    keyed: QuerySet[Any, Any] = rows.annotate(key=question.key(at, own=AT_THE_OFFER)).order_by().values("key")
    return keyed


def counted(rows: QuerySet[Any], question: Question, at: str) -> dict[str, int]:
    return dict(by_key(rows, question, at).annotate(n=Count("pk")).values_list("key", "n"))


# Offered


def offered(question: Question) -> QuerySet[Handoff]:
    return of_leads(question).filter(offered_at__gte=question.period.starts_at, offered_at__lt=question.counts_until)


def count_offered(question: Question) -> Iterable[Row]:
    found = counted(offered(question), question, "offered_at")
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


# Handed over: the first offer since the lead entered the stage


def handed_over(question: Question) -> QuerySet[Handoff]:
    return offered(question).filter(replaces=None)


def count_handed_over(question: Question) -> Iterable[Row]:
    found = counted(handed_over(question), question, "offered_at")
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


def with_free_mail(question: Question) -> QuerySet[Handoff]:
    return handed_over(question).filter(lead__is_free_mail=True)


def count_free_mail(question: Question) -> Iterable[Row]:
    return rates(handed_over(question), Q(lead__is_free_mail=True), question, "offered_at")


def cohort(question: Question) -> QuerySet[Handoff]:
    """Return the leads that were handed over in the period and never before, each by that hand-off, with `converted`,
    and `before` where they were customers already.

    A question about a stage asks for the first time from that stage: a lead may pass several hands.
    """
    before = Q(offered_at__lt=OuterRef("offered_at")) | Q(offered_at=OuterRef("offered_at"), pk__lt=OuterRef("pk"))
    earlier = Handoff.objects.filter(before, lead=OuterRef("lead"), replaces=None)
    if "stage" in (question.by, *question.filters):
        earlier = earlier.filter(hop__from_stage=OuterRef("hop__from_stage"))
    bought = Transition.objects.filter(lead=OuterRef("lead"), to_stage__in=stages_from(StageRole.CUSTOMER))
    after = bought.filter(at__gte=OuterRef("offered_at"), at__lt=question.known_until)
    if question.window:
        after = after.filter(at__lt=OuterRef("offered_at") + question.window)
    first = handed_over(question).filter(~Exists(earlier))
    return first.annotate(converted=Exists(after), before=Exists(bought.filter(at__lt=OuterRef("offered_at"))))


def count_close_rate(question: Question) -> Iterable[Row]:
    rows = by_key(cohort(question), question, "offered_at").annotate(
        n=Count("pk"),
        hits=Count("pk", filter=Q(converted=True)),
        flagged=Count("pk", filter=Q(converted=False, before=True)),
    )
    return [Row.of_rate(r["key"], Rate(r["hits"], r["n"]), flagged=r["flagged"]) for r in rows.order_by("key")]


def leads_close_rate(question: Question, part: Part) -> LeadPks:
    only = {"numerator": {"converted": True}, "flagged": {"converted": False, "before": True}, "denominator": {}}
    return cohort(question).filter(**only[part]).order_by().values("lead")


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
    answer = by_key(rows, question, at).annotate(n=Count("pk"), hits=Count("pk", filter=hit)).order_by("key")
    return [Row.of_rate(row["key"], Rate(row["hits"], row["n"])) for row in answer]


# In time


def with_clock(rows: QuerySet[Handoff], kind: Timer.Kind = Timer.Kind.ANSWER) -> QuerySet[Any]:
    clock = FilteredRelation("timers", condition=Q(timers__kind=kind))
    return rows.annotate(clock=clock, due_at=F("clock__due_at"), open_time=F("clock__open_time"))


def kept(question: Question) -> Q:
    return Q(clock__kept_at__lt=question.known_until)


def fell_due(question: Question) -> QuerySet[Any]:
    """Return the hand-offs whose answer fell due in the period, but not those withdrawn before it did.

    What falls due later than the question is asked counts once it is answered. What is overdue is not kept, whether
    a sweep has seen it or not.
    """
    withdrawn = Q(answer=Handoff.Answer.WITHDRAWN, clock__stopped_at__lte=F("clock__due_at"))
    return due_in_period(question, Timer.Kind.ANSWER).exclude(withdrawn)


def due_in_period(question: Question, kind: Timer.Kind) -> QuerySet[Any]:
    """Return the hand-offs with a clock of that kind that fell due in the period, or was kept ahead of that."""
    rows = with_clock(of_leads(question), kind)
    in_period = rows.filter(clock__due_at__gte=question.period.starts_at, clock__due_at__lt=question.period.ends_at)
    return in_period.filter(kept(question) | Q(clock__due_at__lt=question.at))


def count_answered_in_time(question: Question) -> Iterable[Row]:
    return rates(fell_due(question), kept(question), question, "due_at")


def touch_fell_due(question: Question) -> QuerySet[Any]:
    """Return the hand-offs whose first touch fell due in the period, but not those that ended before it did."""
    ended = Q(clock__kept_at=None, clock__stopped_at__lte=F("clock__due_at"))
    return due_in_period(question, Timer.Kind.FIRST_TOUCH).exclude(ended)


def count_first_touch_in_time(question: Question) -> Iterable[Row]:
    return rates(touch_fell_due(question), kept(question), question, "due_at")


def timed(question: Question) -> QuerySet[Any]:
    """Return the answers of the period whose clock ran."""
    return with_clock(answered(question)).filter(clock__open_time__isnull=False)


def count_time_to_answer(question: Question) -> Iterable[Row]:
    return medians(timed(question), "clock__open_time", question)


def medians(rows: QuerySet[Any], time: str, question: Question) -> list[Row]:
    """The median of a time of those answers, by the question's key."""
    keyed = by_key(rows, question, "answered_at")
    found = keyed.annotate(median=Median(time), cases=Count("pk")).order_by("key")
    return [Row.of_value(row["key"], seconds(row["median"]), cases=row["cases"]) for row in found]


def waited(question: Question) -> QuerySet[Any]:
    """Return the answers of the period with how long their lead waited for one, whoever it was offered to on the way.

    All offers of one step into a stage are one after the other, each with its own clock: their open times add up.
    """
    clocks = Timer.objects.filter(handoff__transition=OuterRef("transition"), kind=Timer.Kind.ANSWER).order_by()
    total = clocks.values("handoff__transition").annotate(total=Sum("open_time")).values("total")
    answers: QuerySet[Any] = timed(question).annotate(waited=Subquery(total, output_field=DurationField()))
    return answers


def count_wait(question: Question) -> Iterable[Row]:
    return medians(waited(question), "waited", question)


def seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()


# Worked


def touches(question: Question) -> QuerySet[Touch]:
    """Return what was done about a hand-off by the time of the question."""
    return Touch.objects.filter(handoff=OuterRef("pk"), at__lt=question.known_until)


def accepted_and_worked(question: Question) -> QuerySet[Any]:
    """Return the hand-offs accepted in the period, each with whether it was `worked` since."""
    since = touches(question).filter(at__gte=OuterRef("answered_at"))
    return accepted(question).annotate(worked=Exists(since))


def count_worked(question: Question) -> Iterable[Row]:
    return rates(accepted_and_worked(question), Q(worked=True), question, "answered_at")


def given_up(question: Question) -> QuerySet[Any]:
    """Return the hand-offs given up in the period whose policy has a cadence, each with whether `cadence_kept`: they
    were touched as often as agreed by then, or somebody had answered."""
    by_then = touches(question).filter(at__lte=OuterRef("given_up_at")).order_by()
    made = by_then.values("handoff").annotate(n=Count("pk")).values("n")
    ended = of_leads(question).filter(
        policy__touches__isnull=False,
        given_up_at__gte=question.period.starts_at,
        given_up_at__lt=question.counts_until,
    )
    with_touches = ended.annotate(touched=Coalesce(Subquery(made), 0), answers=Exists(by_then.filter(is_contact=True)))
    return with_touches.annotate(cadence_kept=Q(touched__gte=F("policy__touches")) | Q(answers=True))


def count_cadence_kept(question: Question) -> Iterable[Row]:
    return rates(given_up(question), Q(cadence_kept=True), question, "given_up_at")


# How it stands at a moment


def unanswered(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs that wait for an answer at the end of the period."""
    end = question.counts_until
    later = Q(answered_at=None) | Q(answered_at__gte=end)
    return of_leads(question).filter(later, offered_at__lt=end)


def overdue(question: Question) -> QuerySet[Any]:
    # Exactly on the deadline it is in time.
    end = min(question.period.ends_at, question.at)
    return with_clock(unanswered(question)).filter(clock__due_at__lt=end)


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


def stock(rows: Rows, at: str, counted: Counted = counted) -> Callable[[Question], Iterable[Row]]:
    """Return what counts those rows at the end of the period, or of each week, month or quarter in it."""

    def count(question: Question) -> Iterable[Row]:
        if question.by_time:
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
        "handed_over",
        _("Leads handed over"),
        _(
            "Leads offered in the period for the first time since they entered the stage. One that is offered again,"
            " to another, counts once."
        ),
        Unit.COUNT,
        count_handed_over,
        behind(handed_over),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "free_mail",
        _("Free-mail addresses"),
        _("Of the leads handed over in the period, those with an address of a free-mail provider."),
        Unit.RATE,
        count_free_mail,
        behind(handed_over, with_free_mail),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "close_rate",
        _("Close rate"),
        _(
            "Of the leads first handed over in the period, those that became customers afterwards, within the window"
            " if one is given."
        ),
        Unit.RATE,
        count_close_rate,
        leads_close_rate,
        views=(View.COHORT,),
        dimensions=DIMENSIONS,
        takes_window=True,
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
        "first_touch_in_time",
        _("First touch in time"),
        _(
            "Of the accepted hand-offs whose first touch fell due in the period, those touched by then, in opening"
            " hours. Those that ended before it fell due are left out."
        ),
        Unit.RATE,
        count_first_touch_in_time,
        behind(touch_fell_due, lambda question: touch_fell_due(question).filter(kept(question))),
        dimensions=DIMENSIONS,
    ),
    Metric(
        "worked",
        _("Hand-offs worked"),
        _("Of the hand-offs accepted in the period, those that were touched since."),
        Unit.RATE,
        count_worked,
        behind(accepted, lambda question: accepted_and_worked(question).filter(worked=True)),
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
    Metric(
        "wait",
        _("Wait for an answer"),
        _(
            "The median open time from the first offer to the answer, of the hand-offs answered in the period, however"
            " often the lead was offered to another on the way."
        ),
        Unit.DURATION,
        count_wait,
        behind(timed),
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
        stock(unoffered, "at", counted_by_lead),
        behind(unoffered),
        views=(View.STOCK,),
        dimensions=OF_LEAD,
    ),
):
    register(metric)
