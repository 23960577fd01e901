"""The page of a review: clauses with their attainment, yields of definitions, rejections, disputes and changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from dashboards.attainment.attained import Attained
from dashboards.reviews.agreement_changes import asked_events
from dashboards.reviews.numbers import ReviewNumbers, asked_numbers
from dashboards.reviews.yields import PARTS, Yield
from funnel.models import Definition
from metrics.period import Period
from sla.agreement.document.clauses import describe_clause
from sla.disputes.reasons import ReasonList
from sla.models import Calendar, Clause, Dispute, Review
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
    def _parts(self) -> tuple[ReviewNumbers, list[Dispute], list[dict[str, Any]]]:
        """What the page shows, by one statement."""
        since = self.review.agreement.in_force_from or self.period.starts_at
        asked: list[Asked[Any]] = [
            asked_numbers(self.review, self.at),
            Asked((self._disputes(),), list),
            asked_events(since, self.until),
        ]
        numbers, disputes, events = Asked.all_of(asked).fetch()
        return numbers, disputes, events

    @property
    def numbers(self) -> ReviewNumbers:
        return self._parts[0]

    @cached_property
    def sides(self) -> list[tuple[Team, list[ReviewedClause]]]:
        """Each team with its clauses, marketing first."""
        hours, currency = Calendar.default().hours(at=self.at), Organization.ours().currency
        by_clause: dict[UUID, ReviewedClause] = {}
        for row in self.numbers.attainments:
            before = by_clause.get(row.clause.key)
            periods = before.periods if before else []
            periods.append(Attained(row.clause, row, hours, currency, as_seen=self.as_seen))
            by_clause[row.clause.key] = ReviewedClause(row.clause, periods)
        sides: dict[int, tuple[Team, list[ReviewedClause]]] = {}
        for reviewed in by_clause.values():
            sides.setdefault(reviewed.clause.team_id, (reviewed.clause.team, []))[1].append(reviewed)
        return sorted(sides.values(), key=lambda side: (side[0].party != "marketing", side[0].pk))

    @cached_property
    def yields(self) -> list[Yield]:
        return [self._yield(definition, counts) for definition, counts in self.numbers.yields]

    def _yield(self, definition: Definition, counts: dict[str, int]) -> Yield:
        base = reverse("review_leads", args=[self.review.pk, definition.pk])
        return Yield(definition, counts, {part: f"{base}?part={part}" for part in PARTS})

    @property
    def reasons(self) -> list[ReasonList]:
        """Why leads were rejected, and opportunities lost and won."""
        return self.numbers.reasons

    @cached_property
    def disputes(self) -> list[Dispute]:
        """The disputes of the period and all that are still open, or were when it was held; the open ones first."""
        _numbers, found, _events = self._parts
        disputes = [self._as_it_stood(dispute) for dispute in found]
        return sorted(disputes, key=lambda dispute: (dispute.settled_at is not None, dispute.at))

    def _disputes(self) -> QuerySet[Dispute]:
        started = Q(at__gte=self.period.starts_at, at__lt=self.period.ends_at)
        settled = Q(settled_at__gte=self.period.starts_at, settled_at__lt=self.period.ends_at)
        is_open = Q(settled_at=None) | Q(settled_at__gt=self.until)
        disputes = Dispute.objects.filter(started | settled | is_open, at__lte=self.until)
        related = ("handoff__lead", "handoff__reason", "handoff__rep", "by", "settled_by")
        return disputes.select_related(*related)

    def _as_it_stood(self, dispute: Dispute) -> Dispute:
        """What was settled after it was held was open then."""
        if dispute.settled_at and dispute.settled_at > self.until:
            dispute.settled_at = dispute.settled_by = dispute.upheld = None
            dispute.ruling = ""
        return dispute

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        """What changed since the agreement of this review came into force, the latest first."""
        _numbers, _disputes, events = self._parts
        return sorted(events, key=lambda item: item["at"], reverse=True)


def review_state(review: Review, today: Any) -> str:
    """`held`, `coming`, or `missed` (due and not held)."""
    if review.held_at is not None:
        return "held"
    return "coming" if review.due_on >= today else "missed"
