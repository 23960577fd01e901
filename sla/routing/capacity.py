"""Whose turn it is and why, team by team: what is open, what was offered this week, and where it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from metrics.period import Period
from sla.agreement.models.agreements import Agreement
from sla.calendars.models import Absence
from sla.handoffs.models.handoffs import Handoff, HandoffQuerySet
from sla.routing.models import Territory
from smarketing.company import company_zone
from teams.models import Role, Team, User


@dataclass(frozen=True)
class Load:
    """What one member has to do with hand-offs now."""

    member: User
    open: int
    this_week: int
    away: Absence | None


def receiving_teams(at: datetime) -> QuerySet[Team]:
    """The teams that are offered leads: by the agreement in force, and those that sell."""
    by_agreement = Agreement.objects.in_force(at).values("hops__receiving_team")
    return Team.objects.filter(Q(pk__in=by_agreement) | Q(kind__in=[Team.Kind.SDR, Team.Kind.SALES]))


def teams_seen_by(user: User, at: datetime) -> QuerySet[Team]:
    """Managers see every receiving team; others those that they head or belong to."""
    teams = receiving_teams(at).select_related("head")
    if user.has_role(Role.MANAGER):
        return teams
    return teams.filter(Q(head=user) | Q(pk=user.team_id))


def may_change(user: User, team: Team) -> bool:
    return user.has_role(Role.MANAGER) or team.head_id == user.pk


def members_of(teams: Sequence[Team]) -> list[User]:
    """Who of these teams can be offered leads."""
    people = User.objects.active().with_role(Role.REP, Role.SDR).filter(team__in=teams)
    return list(people.order_by("family_name", "given_name", "email"))


def loads(members: Sequence[User], at: datetime) -> list[Load]:
    """The load of each member, in their order, in three queries."""
    waiting = _by_rep(Handoff.objects.open().filter(rep__in=members))
    this_week = _by_rep(offered_in_week(at).filter(rep__in=members))
    today = at.astimezone(company_zone()).date()
    away = {each.user_id: each for each in Absence.objects.filter(from_on__lte=today, until_on__gte=today)}
    return [
        Load(member, waiting.get(member.pk, 0), this_week.get(member.pk, 0), away.get(member.pk)) for member in members
    ]


def offered_in_week(at: datetime) -> HandoffQuerySet:
    """What was offered in the company week of a moment; a rejected one gave its turn back."""
    week = Period.week_of(at)
    offered = Handoff.objects.filter(offered_at__gte=week.starts_at, offered_at__lt=week.ends_at)
    return offered.exclude(answer=Handoff.Answer.REJECTED)


def _by_rep(handoffs: QuerySet[Handoff]) -> dict[int, int]:
    return dict(handoffs.values_list("rep").annotate(n=Count("pk")).order_by())


def territories_of(teams: Sequence[Team]) -> dict[int, list[Territory]]:
    """The territories of each team, by its id, in the order in which they are tried."""
    found: dict[int, list[Territory]] = {team.pk: [] for team in teams}
    for territory in Territory.objects.filter(team__in=teams).prefetch_related("members"):
        found[territory.team_id].append(territory)
    return found


def move(territory: Territory, step: int) -> None:
    """Let a territory be tried one place earlier (-1) or later (1). Call inside a transaction."""
    rows = list(Territory.objects.select_for_update().filter(team=territory.team_id).order_by("position", "pk"))
    place = [row.pk for row in rows].index(territory.pk)
    rows.insert(max(0, place + step), rows.pop(place))
    for position, row in enumerate(rows):
        row.position = position
    Territory.objects.bulk_update(rows, ["position"])
