"""How hand-offs are counted: of which leads, by what, and which of them open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from funnel.metrics.counting import DIMENSIONS as OF_LEAD
from funnel.models import Reason, Stage
from leads.metrics import text_at
from leads.models import Lead
from metrics.rate import Rate, Row
from metrics.registry import Dimension, LeadPks, Part, Question
from sla.handoffs.models.handoffs import Handoff
from smarketing.pages.wording import person_name
from teams.models import User


def rep_name(key: str) -> str:
    return person_name(User.objects.filter(pk=key).first()) if key.isdigit() else key


def reason_name(key: str) -> str:
    return str(Reason.objects.filter(key=key).order_by("kind").last() or key)


def stage_name(key: str) -> str:
    """The stage that a lead is handed over from."""
    return str(Stage.objects.filter(pk=key).first() or key) if key.isdigit() else key


# These belong to the hand-off, not to its lead: only metrics that count hand-offs take them.
OWN = (
    Dimension("rep", _("Rep"), "sla", key=lambda lead: text_at("rep", ""), words=rep_name),
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
# What a hand-off keeps of these: later matches and scores do not rewrite what was handed over.
AT_THE_OFFER = {
    "persona": text_at("persona", ""),
    "quadrant": Cast(F("quadrant"), CharField()),
}
# Hand-offs, or the steps that call for one.
Rows = Callable[[Question], QuerySet[Any]]
Counted = Callable[[QuerySet[Any], Question, str], dict[str, int]]


def of_leads(question: Question) -> QuerySet[Handoff]:
    """Return the hand-offs of the leads that the question is about."""
    return question.filtered(Handoff.objects.filter(lead__merged_into=None), own=AT_THE_OFFER).order_by()


def by_key(rows: QuerySet[Any], question: Question, at: str) -> QuerySet[Any, Any]:
    """Hand-offs by the question's key, ready to be counted."""
    keyed: QuerySet[Any, Any] = rows.annotate(key=question.key(at, own=AT_THE_OFFER)).order_by().values("key")
    return keyed


def counted(rows: QuerySet[Any], question: Question, at: str) -> dict[str, int]:
    return dict(by_key(rows, question, at).annotate(n=Count("pk")).values_list("key", "n"))


def counts(rows: QuerySet[Handoff], question: Question, at: str) -> list[Row]:
    """How many rows there are, by the question's key."""
    return [Row.of_count(key, n) for key, n in sorted(counted(rows, question, at).items())]


def rates(rows: QuerySet[Handoff], hit: Q, question: Question, at: str) -> list[Row]:
    """Of the rows by the question's key, the share of those that hit."""
    answer = by_key(rows, question, at).annotate(n=Count("pk"), hits=Count("pk", filter=hit)).order_by("key")
    return [Row.of_rate(row["key"], Rate(row["hits"], row["n"])) for row in answer]


def behind(denominator: Rows, numerator: Rows | None = None) -> Callable[[Question, Part], LeadPks]:
    """Return what gives the leads of those hand-offs. A count has a numerator only, and it is all of them."""

    def leads(question: Question, part: Part) -> LeadPks:
        if part == "flagged":
            return Lead.objects.none().values("pk")
        rows = (numerator or denominator) if part == "numerator" else denominator
        return rows(question).order_by().values("lead")

    return leads
