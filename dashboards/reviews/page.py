"""What a review looks back on, prepared: promises and what came of them, definitions and their yield, rejections,
disputes, and what changed since the signing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboards.attainment.attained import Attained
from dashboards.numbers.question_urls import behind_url
from funnel.models import Definition, StageRole, Transition
from history.models import Change
from metrics.period import Period
from metrics.question import Question, dimension
from metrics.registry import metric
from scoring.models import ScoreModel
from sla.agreement import proposing
from sla.agreement.document.clauses import describe_clause
from sla.models import Agreement, Attainment, Calendar, Clause, Dispute, Handoff, Review
from teams.models import Organization, Team

# The parts of a definition's yield that open their leads, in the order of the columns.
PARTS = ("qualified", "accepted", "rejected", "customers")


@dataclass(frozen=True)
class Promise:
    """One promise through the periods that the review looks back on; worded as it was last."""

    clause: Clause
    periods: list[Attained] = field(default_factory=list)

    @property
    def words(self) -> SafeString:
        return describe_clause(self.clause)


@dataclass(frozen=True)
class Yield:
    """What became of the leads that one wording of a definition qualified in the span."""

    definition: Definition
    counts: dict[str, int]
    urls: dict[str, str]

    @property
    def cells(self) -> list[tuple[int, str]]:
        return [(self.counts[part], self.urls[part]) for part in PARTS]


class ReviewPage:
    """Everything on the page of one review, as of a moment."""

    def __init__(self, review: Review, at: datetime) -> None:
        self.review = review
        self.at = at
        self.period = Period(review.starts_on, review.ends_on)
        self.today = at.astimezone(self.period.zone).date()

    @property
    def state(self) -> str:
        return state_of(self.review, self.today)

    @property
    def may_be_held(self) -> bool:
        """Once the days that it looks back on are over."""
        return self.review.held_at is None and self.today >= self.review.ends_on

    @property
    def until(self) -> datetime:
        return self.review.held_at or self.at

    # Promises

    @cached_property
    def sides(self) -> list[tuple[Team, list[Promise]]]:
        """The teams, and what each promised."""
        rows = Attainment.objects.filter(starts_on__lt=self.period.end, ends_on__gt=self.period.start)
        related = ("clause__team", "clause__owner", "clause__agreement")
        ordered = rows.select_related(*related).order_by("clause__agreement__number", "clause__position", "starts_on")
        hours, currency = Calendar.default().hours(at=self.at), Organization.ours().currency
        found: dict[UUID, Promise] = {}
        for row in ordered:
            before = found.get(row.clause.key)
            periods = before.periods if before else []
            periods.append(Attained(row.clause, row, hours, currency))
            found[row.clause.key] = Promise(row.clause, periods)
        sides: dict[int, tuple[Team, list[Promise]]] = {}
        for promise in found.values():
            sides.setdefault(promise.clause.team_id, (promise.clause.team, []))[1].append(promise)
        return sorted(sides.values(), key=lambda side: (side[0].party != "marketing", side[0].pk))

    # Definitions

    @cached_property
    def yields(self) -> list[Yield]:
        kept = {
            row["definition"]: row
            for row in entries(self.period, self.until)
            .values("definition")
            .annotate(
                qualified=Count("lead", distinct=True),
                accepted=Count("lead", Q(is_accepted=True), distinct=True),
                rejected=Count("lead", Q(is_rejected=True), distinct=True),
                customers=Count("lead", Q(is_customer=True), distinct=True),
            )
            .order_by()
        }
        definitions = Definition.objects.filter(pk__in=kept).select_related("stage")
        return [self._yield(each, kept[each.pk]) for each in definitions.order_by("stage__position", "number")]

    def _yield(self, definition: Definition, row: dict[str, Any]) -> Yield:
        base = reverse("review_leads", args=[self.review.pk, definition.pk])
        return Yield(definition, {part: row[part] for part in PARTS}, {part: f"{base}?part={part}" for part in PARTS})

    # Rejections and disputes

    @cached_property
    def rejections(self) -> list[dict[str, Any]]:
        """Why leads were rejected, the most frequent reason first."""
        question = Question(self.period, by="reason", at=self.until)
        rows = sorted(metric("rejected").rows(question), key=lambda row: (-row.numerator, row.key))
        by = dimension("reason")
        return [
            {
                "reason": by.key_label(row.key),
                "n": row.numerator,
                "url": behind_url("rejected", question, row.key, was=row.numerator),
            }
            for row in rows
        ]

    @property
    def rejected(self) -> int:
        return sum(row["n"] for row in self.rejections)

    @cached_property
    def disputes(self) -> list[Dispute]:
        """Those of the span, and whatever is open still; the open ones first."""
        started = Q(at__gte=self.period.starts_at, at__lt=self.period.ends_at)
        settled = Q(settled_at__gte=self.period.starts_at, settled_at__lt=self.period.ends_at)
        found = Dispute.objects.filter(started | settled | Q(settled_at=None), at__lte=self.until)
        related = ("handoff__lead", "handoff__reason", "handoff__rep", "by", "settled_by")
        return sorted(found.select_related(*related), key=lambda dispute: (dispute.settled_at is not None, dispute.at))

    # Changes

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        """What was changed since the agreement of this review was signed, the latest first."""
        since = self.review.agreement.in_force_from or self.period.starts_at
        found = [*_versions(since, self.until), *_steps(since, self.until)]
        return sorted(found, key=lambda item: item["at"], reverse=True)


def state_of(review: Review, today: Any) -> str:
    """held, coming, or missed: due and not held."""
    if review.held_at is not None:
        return "held"
    return "coming" if review.due_on >= today else "missed"


def entries(period: Period, until: datetime) -> QuerySet[Any]:
    """The steps in a period that a definition made or was in force for, each with what came of it until a moment."""
    handoffs = Handoff.objects.filter(transition=OuterRef("pk"), answered_at__lte=until)
    won = Transition.objects.filter(
        lead=OuterRef("lead"), to_stage__role=StageRole.CUSTOMER, at__gte=OuterRef("at"), at__lte=until
    )
    steps = Transition.objects.filter(
        definition__isnull=False, lead__merged_into=None, at__gte=period.starts_at, at__lt=period.ends_at, at__lte=until
    )
    return steps.annotate(
        is_accepted=Exists(handoffs.filter(answer=Handoff.Answer.ACCEPTED)),
        is_rejected=Exists(handoffs.filter(answer=Handoff.Answer.REJECTED)),
        is_customer=Exists(won),
    )


def steps_of(period: Period, until: datetime, definition: Definition, part: str) -> QuerySet[Any]:
    """The steps behind one number of a definition's yield."""
    steps = entries(period, until).filter(definition=definition)
    return {
        "qualified": steps,
        "accepted": steps.filter(is_accepted=True),
        "rejected": steps.filter(is_rejected=True),
        "customers": steps.filter(is_customer=True),
    }[part]


def _versions(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """Everything that came into force after the signing."""
    new = {"in_force_from__gt": since, "in_force_from__lte": until}
    for agreement in Agreement.objects.filter(**new):
        text = _("Version %(number)s of the agreement came into force") % {"number": agreement.number}
        url = reverse("agreement_version", args=[agreement.number])
        yield {"icon": "agreement", "text": text, "at": agreement.in_force_from, "url": url}
    for definition in Definition.objects.filter(**new).select_related("stage"):
        text = _("The definition of %(stage)s changed: version %(number)s") % {
            "stage": definition.stage,
            "number": definition.number,
        }
        url = reverse("definition", args=[definition.stage_id, definition.number])
        yield {"icon": "definition", "text": text, "at": definition.in_force_from, "url": url}
    for model in ScoreModel.objects.filter(**new):
        text = _("Score model %(model)s came into force") % {"model": model}
        url = reverse("score_model", args=[model.number])
        yield {"icon": "scoring", "text": text, "at": model.in_force_from, "url": url}


def _steps(since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """Proposals on their way: made, taken back, sent back with a comment."""
    words = {
        "proposal": _("Version %(number)s was proposed"),
        "sent back": _("Version %(number)s was sent back"),
        "withdrawal": _("The proposal of version %(number)s was taken back"),
    }
    kept = Change.objects.filter(
        subject=proposing.HISTORY_SUBJECT, field="proposed_at", how__in=words, at__gt=since, at__lte=until
    )
    numbers = dict(Agreement.objects.values_list("pk", "number"))
    for change in kept.select_related("by"):
        number = numbers.get(change.subject_id)
        if number is not None:
            note = str(change.new or "") if change.how == "sent back" else ""
            text = words[change.how] % {"number": number}
            yield {"icon": "back" if note else "agreement", "text": text, "at": change.at, "note": note}
