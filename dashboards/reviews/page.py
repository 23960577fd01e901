"""The page of a review: clauses with their attainment, yields of definitions, rejections, disputes and changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from dashboards.attainment.attained import Attained
from dashboards.reviews.agreement_changes import asked_events
from dashboards.reviews.yields import PARTS, Yield, qualifying_transitions
from funnel.models import Definition
from metrics.period import Period
from metrics.question import Question
from sla.agreement.document.clauses import describe_clause
from sla.disputes.reasons import ReasonList, asked_reason_lists
from sla.models import Attainment, Calendar, Clause, Dispute, Review
from smarketing.database.together import Asked
from teams.models import Organization, Team


@dataclass(frozen=True)
class ReviewedClause:
    """One clause, in its newest wording, through the periods that the review covers."""

    clause: Clause
    periods: list[Attained] = field(default_factory=list)

    @property
    def words(self) -> SafeString:
        return describe_clause(self.clause)


class ReviewPage:
    """Everything on the page of one review, as of `at`."""

    def __init__(self, review: Review, at: datetime) -> None:
        self.review = review
        self.at = at
        self.period = Period(review.starts_on, review.ends_on)
        self.today = at.astimezone(self.period.zone).date()

    @property
    def state(self) -> str:
        return review_state(self.review, self.today)

    @property
    def may_be_held(self) -> bool:
        """Whether the days it covers are over, and it was not held yet."""
        return self.review.held_at is None and self.today >= self.review.ends_on

    @property
    def until(self) -> datetime:
        return self.review.held_at or self.at

    @property
    def as_seen(self) -> bool:
        """Whether it shows what the meeting saw: what was told since is none of it."""
        return self.review.held_at is not None

    @cached_property
    def _lists(self) -> list[Any]:
        """What the parts of the page show, by one statement."""
        since = self.review.agreement.in_force_from or self.period.starts_at
        asked: list[Asked[Any]] = [
            *(Asked((rows,), list) for rows in (self._attainments(), *self._yields(), self._disputes())),
            asked_reason_lists(Question(self.period, at=self.until, as_seen=self.as_seen)),
            asked_events(since, self.until),
        ]
        return Asked.all_of(asked).fetch()

    def _attainments(self) -> QuerySet[Attainment]:
        rows = Attainment.objects.filter(starts_on__lt=self.period.end, ends_on__gt=self.period.start)
        related = ("clause__team", "clause__owner", "clause__agreement")
        return rows.select_related(*related).order_by("clause__agreement__number", "clause__position", "starts_on")

    @cached_property
    def sides(self) -> list[tuple[Team, list[ReviewedClause]]]:
        """Each team with its clauses, marketing first."""
        ordered, *_others = self._lists
        hours, currency = Calendar.default().hours(at=self.at), Organization.ours().currency
        by_clause: dict[UUID, ReviewedClause] = {}
        for row in ordered:
            before = by_clause.get(row.clause.key)
            periods = before.periods if before else []
            periods.append(Attained(row.clause, row, hours, currency))
            by_clause[row.clause.key] = ReviewedClause(row.clause, periods)
        sides: dict[int, tuple[Team, list[ReviewedClause]]] = {}
        for reviewed in by_clause.values():
            sides.setdefault(reviewed.clause.team_id, (reviewed.clause.team, []))[1].append(reviewed)
        return sorted(sides.values(), key=lambda side: (side[0].party != "marketing", side[0].pk))

    def _yields(self) -> tuple[QuerySet[Any, Any], QuerySet[Definition]]:
        """What became of the leads that each definition qualified, and these definitions."""
        qualified = qualifying_transitions(self.period, self.until, as_seen=self.as_seen).order_by()
        counts = qualified.values("definition").annotate(
            qualified=Count("lead", distinct=True),
            accepted=Count("lead", Q(is_accepted=True), distinct=True),
            rejected=Count("lead", Q(is_rejected=True), distinct=True),
            customers=Count("lead", Q(is_customer=True), distinct=True),
        )
        definitions = Definition.objects.filter(pk__in=qualified.values("definition")).select_related("stage")
        return counts, definitions.order_by("stage__position", "number")

    @cached_property
    def yields(self) -> list[Yield]:
        _attainments, counts, definitions, *_others = self._lists
        rows = {row["definition"]: row for row in counts}
        return [self._yield(definition, rows[definition.pk]) for definition in definitions]

    def _yield(self, definition: Definition, row: dict[str, Any]) -> Yield:
        base = reverse("review_leads", args=[self.review.pk, definition.pk])
        return Yield(definition, {part: row[part] for part in PARTS}, {part: f"{base}?part={part}" for part in PARTS})

    @cached_property
    def reasons(self) -> list[ReasonList]:
        """Why leads were rejected, and opportunities lost and won."""
        *_others, reasons, _events = self._lists
        return cast(list[ReasonList], reasons)

    @cached_property
    def disputes(self) -> list[Dispute]:
        """The disputes of the period and all that are still open, or were when it was held; the open ones first."""
        _attainments, _counts, _definitions, disputes, *_others = self._lists
        return sorted(disputes, key=lambda dispute: (dispute.settled_at is not None, dispute.at))

    def _disputes(self) -> QuerySet[Dispute]:
        started = Q(at__gte=self.period.starts_at, at__lt=self.period.ends_at)
        settled = Q(settled_at__gte=self.period.starts_at, settled_at__lt=self.period.ends_at)
        is_open = Q(settled_at=None) | Q(settled_at__gt=self.until)
        disputes = Dispute.objects.filter(started | settled | is_open, at__lte=self.until)
        related = ("handoff__lead", "handoff__reason", "handoff__rep", "by", "settled_by")
        return disputes.select_related(*related)

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        """What changed since the agreement of this review came into force, the latest first."""
        *_others, events = self._lists
        return sorted(events, key=lambda item: item["at"], reverse=True)


def review_state(review: Review, today: Any) -> str:
    """`held`, `coming`, or `missed` (due and not held)."""
    if review.held_at is not None:
        return "held"
    return "coming" if review.due_on >= today else "missed"
