"""Every address of the product, with the objects that its parts name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import Q, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboards.goals.models import Goal
from funnel.models import DealStage, Definition, Opportunity, Reason, Stage
from integrations.models import Delivery
from leads.models import ActivityKind, Campaign, Company, CustomField, Import, Lead, PersonaVersion, Segment
from metrics.registry import metrics
from scoring.models import FitRule, ScoreModel
from sla.models import (
    Absence,
    Agreement,
    Calendar,
    CalendarDay,
    Clause,
    Dispute,
    Feed,
    Handoff,
    Review,
    Territory,
    Touch,
)
from teams.models import Notice, Team, Token, User

Arguments = dict[str, Any]
MINE, TEAMS, ANOTHERS, NONE = "mine", "my team's", "another's", "none"
RELATIONS = (MINE, TEAMS, ANOTHERS, NONE)
NOWHERE: Arguments = {
    **dict.fromkeys(("pk", "number", "stage", "team", "decision", "definition"), 987654321),
    "other": 987654322,
    **dict.fromkeys(("name", "kind"), "nothing-of-the-kind"),
    "day": "no-day",
    "key": "00000000-0000-4000-8000-000000000000",
    "secret": "nobody-knows-it",
}


def by_pk(row: Any) -> Arguments:
    return {"pk": row.pk, "team": row.pk}


@dataclass(frozen=True)
class Things:
    """The objects that addresses beginning alike can name, and whose each is."""

    rows: Callable[[], QuerySet[Any] | Sequence[Any]]
    arguments: Callable[[Any], Arguments] = by_pk
    # The way from the object to a person; "" where it is nobody's.
    owner: str = ""

    def of(self, person: User, relation: str) -> Arguments | None:
        """What names one object that stands so to this person; None where there is none."""
        if relation == NONE:
            return NOWHERE
        rows = self.rows()
        if self.owner:
            assert isinstance(rows, QuerySet)
            mine, team = Q(**{self.owner: person}), Q(**{f"{self.owner}__team": person.team})
            rows = rows.filter({MINE: mine, TEAMS: team & ~mine, ANOTHERS: ~team}[relation])
        elif relation != ANOTHERS:
            return None
        found = next(iter(rows[:1]), None)
        return None if found is None else self.arguments(found)


def review_arguments(review: Review) -> Arguments:
    definition, decision = Definition.objects.first(), review.decisions.first()
    return {
        "pk": review.pk,
        "definition": definition.pk if definition else 0,
        "decision": decision.pk if decision else 0,
    }


HANDOFFS = Things(Handoff.objects.all, owner="rep")
LEADS = Things(Lead.objects.filter(merged_into=None).all, lambda lead: {"pk": lead.pk, "other": lead.pk + 1}, "owner")
DEALS = Things(Opportunity.objects.all, owner="owner")
METRICS = Things(lambda: [metric.name for metric in metrics()], lambda name: {"name": name})
PEOPLE = Things(User.objects.order_by("-pk").all)
# By how an address begins.
THINGS = {
    "absences/": Things(Absence.objects.all, owner="user"),
    "absences/people/": PEOPLE,
    "agreement/v": Things(Agreement.objects.all, lambda agreement: {"number": agreement.number}),
    "api/v1/handoffs/": HANDOFFS,
    "api/v1/leads/": LEADS,
    "api/v1/metrics/": METRICS,
    "api/v1/opportunities/": DEALS,
    "attainment/": Things(Clause.objects.order_by("-agreement").all, lambda clause: {"key": clause.key}),
    "behind/": METRICS,
    "calendar/": Things(Feed.objects.all, lambda feed: {"secret": feed.secret}),
    "campaigns/": Things(Campaign.objects.all),
    "capacity/teams/": Things(Team.objects.filter(kind=Team.Kind.SALES).all),
    "capacity/territories/": Things(Territory.objects.all),
    "companies/": Things(Company.objects.all, owner="owner"),
    "definitions/": Things(Definition.objects.all, lambda made: {"stage": made.stage_id, "number": made.number}),
    "disputes/": Things(Dispute.objects.all, owner="by"),
    "goals/": Things(Goal.objects.all),
    "handoffs/": HANDOFFS,
    "imports/": Things(Import.objects.all, owner="by"),
    "inbox/": HANDOFFS,
    "leads/": LEADS,
    "me/sessions/": Things(UserSession.objects.all, owner="user"),
    "me/tokens/": Things(Token.objects.all, owner="user"),
    "metrics/": METRICS,
    "notices/": Things(Notice.objects.all, owner="user"),
    "opportunities/": DEALS,
    "personas/": Things(PersonaVersion.objects.all, lambda made: {"pk": made.persona_id, "number": made.number}),
    "reviews/": Things(Review.objects.all, review_arguments),
    "scoring/draft/fit/": Things(FitRule.objects.all),
    "scoring/v": Things(ScoreModel.objects.all, lambda model: {"number": model.number}),
    "segments/": Things(Segment.objects.all),
    "settings/activities/": Things(ActivityKind.objects.all),
    "settings/calendar/": Things(Calendar.objects.all),
    "settings/calendar/days/": Things(CalendarDay.objects.all),
    "settings/deal-stages/": Things(DealStage.objects.all),
    "settings/deliveries/": Things(Delivery.objects.all),
    "settings/fields/": Things(CustomField.objects.all),
    "settings/mails/": Things(list),
    "settings/people/": PEOPLE,
    "settings/reasons/": Things(Reason.objects.all),
    "settings/reasons/new/": Things(lambda: ["won"], lambda kind: {"kind": kind}),
    "settings/stages/": Things(Stage.objects.all),
    "settings/teams/": Things(Team.objects.all),
    "touches/": Things(Touch.objects.all, owner="by"),
    "weekly/": Things(lambda: ["2026-11-16"], lambda day: {"day": day}),
}
# What only its owner may see: another's is not there.
PRIVATE = ("me/sessions/", "me/tokens/", "notices/")


@dataclass(frozen=True)
class Route:
    """One named view, and the shape of its address."""

    name: str
    shape: str
    parts: tuple[str, ...]

    @property
    def things(self) -> Things | None:
        """What its address names; None where it names nothing."""
        return THINGS[self.begins] if self.parts else None

    @property
    def begins(self) -> str:
        return self.shape.split("<")[0]

    def address(self, arguments: Arguments) -> str:
        return reverse(self.name, kwargs={part: arguments[part] for part in self.parts})


def walk(resolver: URLResolver, before: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        shape = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, shape)
        elif isinstance(entry, URLPattern):
            yield Route(str(entry.name), shape, tuple(entry.pattern.converters))


# The addresses that allauth writes as expressions come by mail only.
ROUTES = [route for route in walk(get_resolver()) if "(?P" not in route.shape]
