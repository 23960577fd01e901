"""Who gets a lead: the head of the team where the policy says so; else the company's owner, then whoever works its
territory, then anybody of the team, each by whose turn it is.

Whose turn it is: the lowest (open + offered this week) ÷ capacity, and of equals whoever has waited longest for an
offer. A rejected offer counts for nothing: it gives the turn back. Who is absent or has as much as they can take gets
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from leads.criteria import condition
from leads.models import Lead
from metrics.period import Period
from sla.agreement.models.policies import Policy
from sla.calendars.models import Absence
from sla.handoffs.models.handoffs import Handoff
from sla.routing.models import Territory
from teams.models import Role, Team, User

# Two workers must not both count a rep's queue before either has lengthened it.
OFFERING_LOCK = 7_305_001
NEVER = datetime.min.replace(tzinfo=UTC)
# What somebody can take whose capacity nobody wrote down: only what it is beside the others' counts.
CAPACITY = 20


def take_turns() -> None:
    """Wait until nobody else gives turns, and keep the others waiting until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OFFERING_LOCK])


@dataclass
class Turn:
    """One person's place in the queue for the next lead."""

    user: User
    open: int = 0
    this_week: int = 0
    most_open: int | None = None
    most_a_week: int | None = None
    last_offer: datetime = NEVER
    # Of those offered to in one breath, who had the turn later; among the new, who came first.
    nth: int = 0
    # A head who does not sell gets what the policy gives to the head, and nothing else.
    sells: bool = True

    @property
    def is_free(self) -> bool:
        """Whether one more is not too much."""
        has_room = self.most_open is None or self.open < self.most_open
        return has_room and (self.most_a_week is None or self.this_week < self.most_a_week)

    @property
    def place(self) -> tuple[float, datetime, int]:
        # Division rounds correctly: the same fraction is the same float, 1/3 and 2/6.
        capacity = self.most_a_week or self.most_open or CAPACITY
        return (self.open + self.this_week) / capacity, self.last_offer, self.nth


class Desk:
    """Those of one team who are there at a moment, with their turns: every lead that is given moves the turns on."""

    def __init__(
        self, turns: Iterable[Turn], *, head: int | None = None, members: Mapping[int, Collection[int]] | None = None
    ) -> None:
        """`members` are the people of each territory, by its id."""
        self.turns = {turn.user.pk: turn for turn in turns}
        self.head = head
        self.members = members or {}
        self.given = len(self.turns)

    @classmethod
    def of(cls, team: Team, *, at: datetime) -> Desk:
        """The people of a team as their queues stand, in two queries."""
        members: dict[int, set[int]] = {}
        for territory, user in Territory.members.through.objects.filter(territory__team=team).values_list(
            "territory", "user"
        ):
            members.setdefault(territory, set()).add(user)
        people = enumerate(present(team, at=at))
        return cls((_turn(user, nth, team) for nth, user in people), head=team.head_id, members=members)

    @property
    def is_full(self) -> bool:
        return not any(turn.is_free for turn in self.turns.values())

    def whose(
        self, policy: Policy | None, *, owner: int | None, territory: int | None, without: Collection[int] = ()
    ) -> Turn | None:
        """Who gets a lead of that company's owner, of that territory; None: nobody can take it now."""
        free = {pk: turn for pk, turn in self.turns.items() if turn.is_free and pk not in without}
        if policy and policy.goes_to == Policy.GoesTo.HEAD and self.head in free:
            return free[self.head]
        sellers = {pk: turn for pk, turn in free.items() if turn.sells}
        if owner in sellers:
            return sellers[owner]
        theirs = [sellers[pk] for pk in self.members.get(territory or 0, ()) if pk in sellers]
        return min(theirs or sellers.values(), key=lambda turn: turn.place, default=None)

    def give(self, turn: Turn, *, at: datetime) -> None:
        """One more is theirs, and they go to the end of the queue."""
        turn.open += 1
        turn.this_week += 1
        turn.last_offer, turn.nth = at, self.given
        self.given += 1


def present(team: Team, *, at: datetime) -> QuerySet[User]:
    """Who sells for a team and its head, if present on that company day, with what each has been offered."""
    week = Period.week_of(at)
    today = at.astimezone(week.zone).date()
    away = Absence.objects.filter(user=OuterRef("pk"), from_on__lte=today, until_on__gte=today)
    theirs = Handoff.objects.filter(rep=OuterRef("pk"))
    # Not counting rejected ones: a rejected one gives the turn back.
    kept = theirs.exclude(answer=Handoff.Answer.REJECTED)
    return (
        User.objects.active()
        .filter(Q(team=team, roles__overlap=[Role.REP.value, Role.SDR.value]) | Q(pk=team.head_id), ~Exists(away))
        .select_related("capacity")
        .annotate(
            open=_number_of(theirs.filter(answer="")),
            this_week=_number_of(kept.filter(offered_at__gte=week.starts_at, offered_at__lt=week.ends_at)),
            last_offer=Subquery(kept.order_by("-offered_at").values("offered_at")[:1]),
        )
        .order_by("pk")
    )


def _number_of(handoffs: QuerySet[Handoff]) -> Coalesce:
    counted = handoffs.order_by().values("rep").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def _turn(user: Any, nth: int, team: Team) -> Turn:
    capacity = getattr(user, "capacity", None)
    return Turn(
        user=user,
        open=user.open,
        this_week=user.this_week,
        most_open=capacity and capacity.most_open,
        most_a_week=capacity and capacity.most_a_week,
        last_offer=user.last_offer or NEVER,
        nth=nth,
        sells=user.team_id == team.pk and user.has_role(Role.REP, Role.SDR),
    )


def territories_of(team: Team, lead_ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """The territory of each lead that lies in one, by the lead's id: the team's first whose criteria it meets.

    Two queries, however many territories there are.
    """
    rules = [
        When(condition(territory.criteria, at=at), then=Value(territory.pk))
        for territory in Territory.objects.filter(team=team)
    ]
    if not rules:
        return {}
    first = Case(*rules, output_field=BigIntegerField())
    found = Lead.objects.filter(pk__in=list(lead_ids)).annotate(territory=first)
    return dict(found.exclude(territory=None).values_list("pk", "territory"))


def somebody_else(handoff: Handoff, *, at: datetime) -> User | None:
    """Whose turn it is among those whom this lead was not offered to yet, or at least not last; None: nobody is there.

    Call it in the transaction that reassigns: turns are given one after the other.
    """
    take_turns()
    lead = Lead.objects.select_related("company").get(pk=handoff.lead_id)
    team = handoff.hop.receiving_team
    desk = Desk.of(team, at=at)
    owner = lead.company.owner_id if lead.company else None
    territory = territories_of(team, [lead.pk], at=at).get(lead.pk)
    had_it = set(Handoff.objects.filter(transition=handoff.transition_id).values_list("rep", flat=True))
    for without in (had_it, {handoff.rep_id}):
        if turn := desk.whose(handoff.policy, owner=owner, territory=territory, without=without):
            return turn.user
    return None
