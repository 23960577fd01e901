"""How the funnel flows: entries, conversions in three views, contracts.

All of them read the ledger. A lead's first entry into a stage counts for rates; re-entries are counted apart. A lead
that never entered a stage is in none of its cohorts: skipped stages are not invented.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from funnel.models import Opportunity, Stage, StageRole, Transition
from leads.metrics import OF_LEAD
from leads.models import Lead
from metrics.rate import Rate, Row
from metrics.registry import LeadPks, Metric, Part, Question, Unit, View, register
from scoring.metrics import QUADRANT
from teams.models import Organization

ROLES = tuple(StageRole.values)
DIMENSIONS = (*OF_LEAD, QUADRANT.name)
M = TypeVar("M", bound=Model)


def entries(role: str, question: Question) -> QuerySet[Transition]:
    """Return the transitions that brought leads into exactly this stage in the period, first or again."""
    arrived = Transition.objects.filter(
        to_stage__role=role,
        lead__merged_into=None,
        at__gte=question.period.starts_at,
        at__lt=question.counts_until,
    )
    return question.filtered(arrived)


def been_there() -> Exists:
    """Whether the same lead entered the same stage before this transition."""
    before = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    return Exists(Transition.objects.filter(before, lead=OuterRef("lead"), to_stage=OuterRef("to_stage")))


def first_entries(role: str, question: Question) -> QuerySet[Transition]:
    """Return the transitions that brought leads into exactly this stage for the first time, in the period."""
    return entries(role, question).filter(~been_there())


def re_entries(role: str, question: Question) -> QuerySet[Transition]:
    """Return those that brought leads back into it."""
    return entries(role, question).filter(been_there())


def counted(rows: QuerySet[M], question: Question, at: str = "at") -> dict[str, int]:
    """Count rows by the question's key."""
    keyed = rows.annotate(key=question.key(at)).order_by().values("key").annotate(n=Count("pk"))
    return dict(keyed.values_list("key", "n"))


def stages_from(role: str) -> QuerySet[Stage]:
    """Return that stage and every later one."""
    position = Stage.objects.filter(role=role).values("position")
    return Stage.objects.filter(position__gte=Subquery(position))


# Entered


def count_entered(question: Question) -> Iterable[Row]:
    found = counted(first_entries(question.to_role or StageRole.LEAD, question), question)
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


def leads_entered(question: Question, part: Part) -> LeadPks:
    return first_entries(question.to_role or StageRole.LEAD, question).order_by().values("lead")


def count_reentered(question: Question) -> Iterable[Row]:
    found = counted(re_entries(question.to_role or StageRole.MQL, question), question)
    return [Row.of_count(key, n) for key, n in sorted(found.items())]


def leads_reentered(question: Question, part: Part) -> LeadPks:
    return re_entries(question.to_role or StageRole.MQL, question).order_by().values("lead")


# Conversion


def count_conversion(question: Question) -> Iterable[Row]:
    views = {View.COHORT: _cohort, View.PERIOD: _period, View.STOCK: _stock}
    return views[View(question.view)](question)


def _with_outcome(question: Question) -> QuerySet[Transition]:
    """Return the cohort, each entry with `converted`, and `before` where the outcome is dated before its cause."""
    reached = Transition.objects.filter(lead=OuterRef("lead"), to_stage__in=stages_from(question.to_role))
    after = reached.filter(at__gte=OuterRef("at"), at__lt=question.known_until)
    if question.window:
        after = after.filter(at__lt=OuterRef("at") + question.window)
    cohort = first_entries(question.from_role, question)
    return cohort.annotate(converted=Exists(after), before=Exists(reached.filter(at__lt=OuterRef("at"))))


def _cohort(question: Question) -> Iterable[Row]:
    keyed = _with_outcome(question).annotate(key=question.key("at")).order_by().values("key")
    rows = keyed.annotate(
        n=Count("pk"),
        hits=Count("pk", filter=Q(converted=True)),
        flagged=Count("pk", filter=Q(converted=False, before=True)),
    ).order_by("key")
    return [Row.of_rate(row["key"], Rate(row["hits"], row["n"]), flagged=row["flagged"]) for row in rows]


def _period(question: Question) -> Iterable[Row]:
    into_a = counted(first_entries(question.from_role, question), question)
    into_b = counted(first_entries(question.to_role, question), question)
    return [Row.of_rate(key, Rate(into_b.get(key, 0), into_a.get(key, 0))) for key in sorted({*into_a, *into_b})]


def standing(at: datetime) -> QuerySet[Transition]:
    """Return the last transition of each lead before a moment, of those that stood somewhere then."""
    later = Transition.objects.filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")), lead=OuterRef("lead"), at__lt=at
    )
    return Transition.objects.filter(~Exists(later), at__lt=at, to_stage__isnull=False, lead__merged_into=None)


def _stock(question: Question) -> Iterable[Row]:
    if question.by_time:
        return [row for part in question.buckets() for row in _stock_at(question, part.ends_at, part.key)]
    return _stock_at(question, question.period.ends_at)


def _stock_at(question: Question, end: datetime, name: str = "") -> Iterable[Row]:
    rows = question.filtered(standing(min(end, question.known_until)))
    if not name:
        a = counted(_here(rows, question.from_role), question)
        b = counted(_here(rows, question.to_role), question)
        return [Row.of_rate(key, Rate(b.get(key, 0), n)) for key, n in sorted(a.items())]
    a_count, b_count = (_here(rows, role).count() for role in (question.from_role, question.to_role))
    return [Row.of_rate(name, Rate(b_count, a_count))]


def _here(rows: QuerySet[Transition], role: str) -> QuerySet[Transition]:
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
    rows = question.filtered(standing(question.counts_until))
    return _here(rows, role).values("lead")


# Contracts


def won(question: Question) -> QuerySet[Opportunity]:
    """Return the opportunities won in the period and not reopened."""
    contracts = Opportunity.objects.won().filter(
        won_at__gte=question.period.starts_at, won_at__lt=question.counts_until
    )
    return question.filtered(contracts.filter(lead__merged_into=None)).order_by()


def count_contracts(question: Question) -> Iterable[Row]:
    return [Row.of_count(key, n) for key, n in sorted(counted(won(question), question, "won_at").items())]


def leads_contracts(question: Question, part: Part) -> LeadPks:
    return won(question).values("lead") if part != "flagged" else Lead.objects.none().values("pk")


def summable() -> Q:
    """Of the contracts, those whose amount adds up: without an exchange rate, only the company's own currency."""
    return Q(currency__in=["", Organization.ours().currency], amount__isnull=False)


def count_revenue(question: Question) -> Iterable[Row]:
    ours = summable()
    keyed = won(question).annotate(key=question.key("won_at")).values("key")
    rows = keyed.annotate(
        total=Coalesce(Sum("amount", filter=ours), 0, output_field=Opportunity._meta.get_field("amount")),
        cases=Count("pk", filter=ours),
        flagged=Count("pk", filter=~ours),
    ).order_by("key")
    return [Row.of_value(row["key"], row["total"], cases=row["cases"], flagged=row["flagged"]) for row in rows]


def leads_revenue(question: Question, part: Part) -> LeadPks:
    ours = summable()
    return won(question).filter(~ours if part == "flagged" else ours).values("lead")


for metric in (
    Metric(
        "entered",
        _("Leads that entered a stage"),
        _("Leads whose first entry into the stage lies in the period. Without a stage: into the first."),
        Unit.COUNT,
        count_entered,
        leads_entered,
        dimensions=DIMENSIONS,
        stages="one",
        roles=ROLES,
    ),
    Metric(
        "reentered",
        _("Re-entries into a stage"),
        _("Entries into the stage in the period by leads that had been there before. Without a stage: MQL."),
        Unit.COUNT,
        count_reentered,
        leads_reentered,
        dimensions=DIMENSIONS,
        stages="one",
        roles=ROLES,
    ),
    Metric(
        "conversion",
        _("Conversion from stage to stage"),
        _(
            "Cohort: of the leads that first entered A in the period, those that reached B or a later stage afterwards,"
            " within the window if one is given. Period: first entries into B in the period ÷ first entries into A."
            " Stock: leads standing at B or later at its end ÷ leads standing at A or later."
        ),
        Unit.RATE,
        count_conversion,
        leads_conversion,
        views=(View.COHORT, View.PERIOD, View.STOCK),
        dimensions=DIMENSIONS,
        stages="pair",
        roles=ROLES,
        takes_window=True,
    ),
    Metric(
        "contracts",
        _("Contracts"),
        _("Opportunities won in the period and not reopened."),
        Unit.COUNT,
        count_contracts,
        leads_contracts,
        dimensions=DIMENSIONS,
    ),
    Metric(
        "revenue",
        _("Revenue"),
        _("The amounts of the opportunities won in the period and not reopened, in the company's currency."),
        Unit.MONEY,
        count_revenue,
        leads_revenue,
        dimensions=DIMENSIONS,
        flagged_as=_("without an amount in the company's currency"),
    ),
):
    register(metric)
