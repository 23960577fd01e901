"""What the metrics of hand-offs share: their dimensions, their rows, and how these are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from funnel.metrics.counting import DIMENSIONS as OF_LEAD
from funnel.models import Reason, Stage, StageRole
from leads.metrics import text_at
from leads.models import Lead
from metrics.asked import AskedRows, counted
from metrics.rate import Rate, Row
from metrics.registry import Dimension, LeadPks, Part, Question
from sla.handoffs.models.handoffs import Handoff
from smarketing.database.together import Asked
from smarketing.pages.wording import person_name
from smarketing.requests.whole_numbers import parse_whole_number
from teams.models import User


def rep_names(keys: Sequence[str]) -> dict[str, str]:
    pks = {key: pk for key in keys if (pk := parse_whole_number(key)) is not None}
    people = User.objects.in_bulk(set(pks.values()))
    return {key: person_name(people.get(pk)) for key, pk in pks.items()}


def reason_name(key: str) -> str:
    return str(next((each for each in reversed(Reason.objects.known()) if each.key == key), key))


def stage_name(key: str) -> str:
    """The stage that a lead is handed over from."""
    pk = parse_whole_number(key)
    return str(next((each for each in Stage.objects.known() if each.pk == pk), key))


# These belong to the hand-off, not to its lead: only metrics that count hand-offs take them.
HANDOFF_DIMENSIONS = (
    Dimension("rep", _("Rep"), "sla", key=lambda lead: text_at("rep", ""), names=rep_names, is_personal=True),
    Dimension("reason", _("Reason"), "sla", key=lambda lead: text_at("reason__key", ""), words=reason_name),
    Dimension(
        "verdict",
        _("Verdict"),
        "sla",
        key=lambda lead: text_at("verdict", ""),
        words=lambda key: Handoff.Verdict(key).label if key in Handoff.Verdict.values else key,
    ),
    Dimension("stage", _("Stage"), "sla", key=lambda lead: text_at("hop__from_stage", ""), words=stage_name),
)
DIMENSIONS = (*OF_LEAD, "rep", "stage")
# The lead's persona and quadrant as the hand-off stored them: later matches and scores do not rewrite what was offered.
KEYS_AT_OFFER = {
    "persona": text_at("persona", ""),
    "quadrant": Cast(F("quadrant"), CharField()),
}


def rep_of_step() -> Combinable:
    """The rep of a step into SAL or a later stage: that of the lead's last hand-off accepted by then."""
    accepted = Handoff.objects.filter(lead=OuterRef("lead"), answer=Handoff.Answer.ACCEPTED)
    last = accepted.filter(answered_at__lte=OuterRef("at")).order_by("-answered_at", "-pk")
    rep = Subquery(last.values(key=text_at("rep", ""))[:1], output_field=CharField())
    sal = Subquery(Stage.objects.filter(role=StageRole.SAL).values("position"))
    return Coalesce(Case(When(to_stage__position__gte=sal, then=rep)), Value(""), output_field=CharField())


# Returns the hand-offs that a question counts, or the transitions that call for one.
QuerySetFor = Callable[[Question], QuerySet[Any]]
CountByKey = Callable[[QuerySet[Any], Question, str], QuerySet[Any, Any]]


def filtered_handoffs(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs of the leads that the question is about."""
    return question.filtered(Handoff.objects.filter(lead__merged_into=None), own=KEYS_AT_OFFER).order_by()


def not_handed_on(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Leave out those that their reps took over accepted: they were neither offered nor answered once more."""
    return handoffs.exclude(replaces__answer=Handoff.Answer.ACCEPTED)


def group_by_key(rows: QuerySet[Any], question: Question, at: str) -> QuerySet[Any, Any]:
    """Group rows by the question's key, for an aggregate to follow."""
    keyed: QuerySet[Any, Any] = rows.annotate(key=question.key(at, own=KEYS_AT_OFFER)).order_by().values("key")
    return keyed


def count_by_key(rows: QuerySet[Any], question: Question, at: str) -> QuerySet[Any, Any]:
    """Pairs of the question's key and the number of these rows with it."""
    counts: QuerySet[Any, Any] = group_by_key(rows, question, at).annotate(n=Count("pk")).values_list("key", "n")
    return counts


def count_rows(rows: QuerySet[Handoff], question: Question, at: str) -> AskedRows:
    """The number of rows, by the question's key."""
    return counted(count_by_key(rows, question, at))


def rate_rows(rows: QuerySet[Handoff], hit: Q, question: Question, at: str) -> AskedRows:
    """The share of the rows that match `hit`, by the question's key."""
    counts = group_by_key(rows, question, at).annotate(n=Count("pk"), hits=Count("pk", filter=hit)).order_by("key")
    return Asked((counts,), lambda found: [Row.of_rate(each["key"], Rate(each["hits"], each["n"])) for each in found])


def behind(denominator: QuerySetFor, numerator: QuerySetFor | None = None) -> Callable[[Question, Part], LeadPks]:
    """Return a function that lists the leads of those rows. A count is asked for its numerator only: all rows."""

    def leads(question: Question, part: Part) -> LeadPks:
        if part == "flagged":
            return Lead.objects.none().values("pk")
        rows = (numerator or denominator) if part == "numerator" else denominator
        return rows(question).order_by().values("lead")

    return leads
