"""The load of each receiving team: what is open, what was offered this week, and its territories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from metrics.period import Period
from sla.agreement.models.agreements import Agreement
from sla.calendars.models import Absence
from sla.handoffs.models.handoffs import Handoff, HandoffQuerySet
from sla.routing.models import Territory
from smarketing.database.together import fetch_together
from teams.models import Role, Team, User


@dataclass(frozen=True)
class Load:
    """How many hand-offs one member has now."""

    member: User
    open: int
    this_week: int
    away: Absence | None


def receiving_teams(at: datetime) -> QuerySet[Team]:
    """The teams that are offered leads: by the agreement in force, and those that sell."""
    by_agreement = Agreement.objects.in_force(at).values("hops__receiving_team")
    return Team.objects.filter(Q(pk__in=by_agreement) | Q(kind__in=[Team.Kind.SDR, Team.Kind.SALES]))


def visible_teams(user: User, at: datetime) -> QuerySet[Team]:
    """Managers see every receiving team; others those that they head or belong to."""
    teams = receiving_teams(at).select_related("head")
    if user.has_role(Role.MANAGER):
        return teams
    return teams.filter(Q(head=user) | Q(pk=user.team_id))


def may_change(user: User, team: Team) -> bool:
    return user.has_role(Role.MANAGER) or team.head_id == user.pk


def assignable_members(teams: Sequence[Team]) -> list[User]:
    """The members of these teams who can be offered leads."""
    people = User.objects.active().with_role(Role.REP, Role.SDR).filter(team__in=teams)
    return list(people.order_by("family_name", "given_name", "email"))


def loads(members: Sequence[User], at: datetime) -> list[Load]:
    """The load of each member, in their order, by one statement."""
    counted, offered, absences = fetch_together(
        _count_by_rep(Handoff.objects.open().filter(rep__in=members)),
        _count_by_rep(offered_in_week(at).filter(rep__in=members)),
        Absence.objects.in_force(at=at).filter(user__in=members),
    )
    open_count, this_week = dict(counted), dict(offered)
    away = {absence.user_id: absence for absence in absences}
    return [
        Load(member, open_count.get(member.pk, 0), this_week.get(member.pk, 0), away.get(member.pk))
        for member in members
    ]


def offered_in_week(at: datetime) -> HandoffQuerySet:
    """The hand-offs offered in the company week of a moment, without the rejected ones."""
    week = Period.week_of(at)
    offered = Handoff.objects.filter(offered_at__gte=week.starts_at, offered_at__lt=week.ends_at)
    return offered.exclude(answer=Handoff.Answer.REJECTED)


def _count_by_rep(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff, Any]:
    return handoffs.values_list("rep").annotate(n=Count("pk")).order_by()


def territories_by_team(teams: Sequence[Team]) -> dict[int, list[Territory]]:
    """The territories of each team, by the team's id, in the order in which they are tried."""
    territories: dict[int, list[Territory]] = {team.pk: [] for team in teams}
    for territory in Territory.objects.filter(team__in=teams).prefetch_related("members"):
        territories[territory.team_id].append(territory)
    return territories


def move_territory(territory: Territory, step: int) -> None:
    """Let a territory be tried one place earlier (-1) or later (1). Call inside a transaction."""
    rows = list(Territory.objects.select_for_update().filter(team=territory.team_id).order_by("position", "pk"))
    place = [row.pk for row in rows].index(territory.pk)
    rows.insert(max(0, place + step), rows.pop(place))
    for position, row in enumerate(rows):
        row.position = position
    Territory.objects.bulk_update(rows, ["position"])
