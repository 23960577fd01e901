"""Metrics of offers: leads offered, leads handed over, and how many of them become customers."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from funnel.metrics.counting import stages_from
from funnel.models import StageRole, Transition
from metrics.asked import Answer
from metrics.rate import Rate, Row
from metrics.registry import LeadPks, Metric, Part, Question, Unit, View
from sla.handoffs.models.handoffs import Handoff
from sla.metrics.handoffs import (
    DIMENSIONS,
    behind,
    count_rows,
    filtered_handoffs,
    group_by_key,
    not_handed_on,
    rate_rows,
)
from smarketing.database.together import Asked


def offered(question: Question) -> QuerySet[Handoff]:
    return not_handed_on(filtered_handoffs(question)).filter(
        offered_at__gte=question.period.starts_at, offered_at__lt=question.counts_until
    )


def count_offered(question: Question) -> Answer:
    return count_rows(offered(question), question, "offered_at")


def handed_over(question: Question) -> QuerySet[Handoff]:
    """Return the first offers since their leads entered the stage."""
    return offered(question).filter(replaces=None)


def count_handed_over(question: Question) -> Answer:
    return count_rows(handed_over(question), question, "offered_at")


def with_free_mail(question: Question) -> QuerySet[Handoff]:
    return handed_over(question).filter(lead__is_free_mail=True)


def count_free_mail(question: Question) -> Answer:
    return rate_rows(handed_over(question), Q(lead__is_free_mail=True), question, "offered_at")


def first_handed_over(question: Question) -> QuerySet[Handoff]:
    """Return the leads that were handed over in the period and never before, each by that hand-off, with `converted`,
    and `before` where they were customers already.

    A question about a stage asks for the first time from that stage: a lead may pass several hands.
    """
    before = Q(offered_at__lt=OuterRef("offered_at")) | Q(offered_at=OuterRef("offered_at"), pk__lt=OuterRef("pk"))
    earlier = Handoff.objects.filter(before, lead=OuterRef("lead"), replaces=None)
    if "stage" in (question.by, *question.filters):
        earlier = earlier.filter(hop__from_stage=OuterRef("hop__from_stage"))
    bought = question.told(
        Transition.objects.filter(lead=OuterRef("lead"), to_stage__in=stages_from(StageRole.CUSTOMER))
    )
    after = bought.filter(at__gte=OuterRef("offered_at"), at__lt=question.known_until)
    if question.window:
        after = after.filter(at__lt=OuterRef("offered_at") + question.window)
    first = handed_over(question).filter(~Exists(earlier))
    return first.annotate(converted=Exists(after), before=Exists(bought.filter(at__lt=OuterRef("offered_at"))))


def count_close_rate(question: Question) -> Answer:
    counts = group_by_key(first_handed_over(question), question, "offered_at").annotate(
        n=Count("pk"),
        hits=Count("pk", filter=Q(converted=True)),
        flagged=Count("pk", filter=Q(converted=False, before=True)),
    )
    return Asked(
        (counts.order_by("key"),),
        lambda found: [Row.of_rate(r["key"], Rate(r["hits"], r["n"]), flagged=r["flagged"]) for r in found],
    )


def leads_close_rate(question: Question, part: Part) -> LeadPks:
    only = {"numerator": {"converted": True}, "flagged": {"converted": False, "before": True}, "denominator": {}}
    return first_handed_over(question).filter(**only[part]).order_by().values("lead")


METRICS = (
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
)
