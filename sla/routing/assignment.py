"""Who is offered a lead: the head of the team if the policy says so; else the company's owner, then the rep who works
its company, then the members of its territory, then anybody of the team, each in the order of the queue.

First in the queue is the rep with the lowest (open + offered this week) ÷ capacity, and of equals the one whose last
offer is the longest ago. A rejected offer is not counted. Who is absent or at their limits is not in the queue. Who
came back does not catch up: for seven days their ratio is at least the lowest of the others present.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateField,
    DateTimeField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from leads.criteria import condition
from leads.models import Lead
from metrics.period import Period
from sla.agreement.models.policies import Policy
from sla.calendars.models import Absence
from sla.handoffs.company_reps import CompanyReps
from sla.handoffs.models.handoffs import Handoff
from sla.routing.models import Territory, TerritoryMember
from sla.routing.returning import absences_over, first_day, members_of, returned_members
from smarketing.database.locks import Lock
from smarketing.database.statements import Given
from smarketing.database.together import Together, fetch_together
from teams.models import Role, Team, User

NEVER = datetime.min.replace(tzinfo=UTC)
# The capacity of a rep without limits: only its ratio to the others' counts.
DEFAULT_CAPACITY = 20


def lock_assignment() -> None:
    """Wait until no other transaction assigns leads, and make the others wait until this one ends. Call it before
    locking any row."""
    Lock.OFFERING.acquire()


@dataclass
class Slot:
    """One rep's place in the queue for the next lead."""

    user: User
    open: int = 0
    this_week: int = 0
    most_open: int | None = None
    most_a_week: int | None = None
    last_offer: datetime = NEVER
    # Breaks ties: grows with each assignment of this queue; at first the order of the ids.
    order: int = 0
    # A head who does not sell is assigned only what the policy sends to the head.
    sells: bool = True
    # Back from an absence since a short while.
    came_back: bool = False

    @property
    def is_free(self) -> bool:
        """Whether one more lead is within the limits."""
        has_room = self.most_open is None or self.open < self.most_open
        return has_room and (self.most_a_week is None or self.this_week < self.most_a_week)

    def room(self, most: int) -> int:
        """How many more leads are within the limits, up to `most`."""
        left = [
            limit - taken
            for limit, taken in ((self.most_open, self.open), (self.most_a_week, self.this_week))
            if limit is not None
        ]
        return max(0, min([most, *left]))

    @property
    def ratio(self) -> float:
        """How much was offered, by capacity. Division rounds correctly: 1/3 and 2/6 are the same float."""
        return (self.open + self.this_week) / (self.most_a_week or self.most_open or DEFAULT_CAPACITY)


class AssignmentQueue:
    """The reps of one team who are present at a moment, in order: every assignment changes the order."""

    def __init__(
        self,
        slots: Iterable[Slot],
        *,
        head: int | None = None,
        members: Mapping[int, Collection[int]] | None = None,
        territories: Sequence[Territory] = (),
    ) -> None:
        """`members` are the people of each territory, by its id; `territories` those of the team, in their order."""
        self.slots = {slot.user.pk: slot for slot in slots}
        self.head = head
        self.members = members or {}
        self.territories = territories
        self.next_order = len(self.slots)

    @classmethod
    def of(cls, team: Team, *, at: datetime) -> AssignmentQueue:
        """The queue of a team, in two queries where nobody was away lately."""
        territories, in_territories, present, *returned = _fetch_present(team, at=at)
        members: dict[int, set[int]] = {}
        for territory, user in in_territories:
            members.setdefault(territory, set()).add(user)
        back = members_of(*returned, at=at) if returned else returned_members(team, at=at)
        slots = (_slot_of(user, order, team, came_back=user.pk in back) for order, user in enumerate(present))
        return cls(slots, head=team.head_id, members=members, territories=territories)

    @property
    def is_full(self) -> bool:
        return not any(slot.is_free for slot in self.slots.values())

    def room(self, most: int, policies: Iterable[Policy]) -> int:
        """How many more leads those who sell can take, up to `most`; and a head with limits, where a policy sends them
        some."""
        asks_head = any(policy.goes_to == Policy.GoesTo.HEAD for policy in policies)
        room = sum(slot.room(most) for slot in self.slots.values() if slot.sells)
        heads = (slot.room(most) for slot in self.slots.values() if asks_head and not slot.sells)
        return min(most, room + sum(left for left in heads if left < most))

    def next_assignee(
        self, policy: Policy | None, *, owner: int | None, territory: int | None, without: Collection[int] = ()
    ) -> Slot | None:
        """Who is next for a lead whose company has that owner, in that territory; None: nobody can take it now."""
        if named := self.named_assignee(policy, owner=owner, without=without):
            return named
        sellers = {pk: slot for pk, slot in self._free(without).items() if slot.sells}
        in_territory = [sellers[pk] for pk in self.members.get(territory or 0, ()) if pk in sellers]
        lowest = self._lowest_ratio()
        return min(in_territory or sellers.values(), key=lambda slot: _sort_key(slot, lowest), default=None)

    def named_assignee(self, policy: Policy | None, *, owner: int | None, without: Collection[int] = ()) -> Slot | None:
        """The head if the policy says so, else the company's owner, if they can take it now."""
        free = self._free(without)
        if policy and policy.goes_to == Policy.GoesTo.HEAD and self.head in free:
            return free[self.head]
        return free[owner] if owner in free and free[owner].sells else None

    def seller(self, rep: int, without: Collection[int] = ()) -> Slot | None:
        """That rep, if they sell and can take one more lead now."""
        slot = self._free(without).get(rep)
        return slot if slot and slot.sells else None

    def _free(self, without: Collection[int]) -> dict[int, Slot]:
        return {pk: slot for pk, slot in self.slots.items() if slot.is_free and pk not in without}

    def _lowest_ratio(self) -> float:
        """The lowest ratio of those who were not away lately."""
        return min((slot.ratio for slot in self.slots.values() if slot.sells and not slot.came_back), default=0)

    def assign(self, slot: Slot, *, at: datetime) -> None:
        """Count one more lead for that rep, and move them back in the queue."""
        slot.open += 1
        slot.this_week += 1
        slot.last_offer, slot.order = at, self.next_order
        self.next_order += 1


def _sort_key(slot: Slot, lowest: float) -> tuple[float, datetime, int]:
    """The place in the queue, where the others' lowest ratio is that."""
    return max(slot.ratio, lowest) if slot.came_back else slot.ratio, slot.last_offer, slot.order


def present_reps(team: Team, *, at: datetime) -> QuerySet[User]:
    """The reps of a team and its head, if present on that day of their own, with how much each has been offered."""
    week = Period.week_of(at)
    return _present(team.pk, team.head_id, Absence.objects.in_force(at=at), week.starts_at, week.ends_at)


def _fetch_present(team: Team, *, at: datetime) -> list[list[Any]]:
    """The team's territories, their members, and its `present_reps`; where it is the same day in all calendars, also
    the absences of `returned_members`. By one statement."""
    today = Absence.objects.one_day(at)
    if today is None:
        return fetch_together(_territories(team.pk), _members(team.pk), present_reps(team, at=at))
    week = Period.week_of(at)
    return PRESENT.fetch(
        team=team.pk,
        head=team.head_id,
        today=today,
        since=first_day(at),
        week=week.starts_at,
        week_end=week.ends_at,
    )


def _territories(team: Any) -> QuerySet[Territory]:
    return Territory.objects.filter(team=team)


def _members(team: Any) -> QuerySet[Any, Any]:
    return TerritoryMember.objects.filter(territory__team=team).values_list("territory", "user")


def _present(team: Any, head: Any, away: QuerySet[Any], week: Any, week_end: Any) -> QuerySet[User]:
    away = away.filter(user=OuterRef("pk"))
    handoffs = Handoff.objects.filter(rep=OuterRef("pk"))
    # A rejected offer is not counted.
    not_rejected = handoffs.exclude(answer=Handoff.Answer.REJECTED)
    return (
        User.objects.active()
        .filter(Q(team=team, roles__overlap=[Role.REP.value, Role.SDR.value]) | Q(pk=head), ~Exists(away))
        .select_related("capacity")
        .annotate(
            open=_count_of(handoffs.filter(answer="")),
            this_week=_count_of(not_rejected.filter(offered_at__gte=week, offered_at__lt=week_end)),
            last_offer=Subquery(not_rejected.order_by("-offered_at").values("offered_at")[:1]),
        )
        .order_by("pk")
    )


def _count_of(handoffs: QuerySet[Handoff]) -> Coalesce:
    counted = handoffs.order_by().values("rep").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def _present_statement() -> list[QuerySet[Any, Any]]:
    team, head = Given("team", BigIntegerField()), Given("head", BigIntegerField())
    away = Absence.objects.lasting(Given("today", DateField()))
    week, week_end = Given("week", DateTimeField()), Given("week_end", DateTimeField())
    over = absences_over(Absence.objects.on(Given("today", DateField())), team, Given("since", DateField()))
    return [_territories(team), _members(team), _present(team, head, away, week, week_end), over]


PRESENT = Together(_present_statement)


def _slot_of(user: Any, order: int, team: Team, *, came_back: bool) -> Slot:
    capacity = getattr(user, "capacity", None)
    return Slot(
        user=user,
        open=user.open,
        this_week=user.this_week,
        most_open=capacity and capacity.most_open,
        most_a_week=capacity and capacity.most_a_week,
        last_offer=user.last_offer or NEVER,
        order=order,
        sells=user.team_id == team.pk and user.has_role(Role.REP, Role.SDR),
        came_back=came_back,
    )


def territory_by_lead(territories: Sequence[Territory], lead_ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """The territory of each lead that is in one, by the lead's id: the first whose criteria it meets.

    One query, however many territories there are.
    """
    rules = [When(condition(territory.criteria, at=at), then=Value(territory.pk)) for territory in territories]
    if not rules:
        return {}
    first = Case(*rules, output_field=BigIntegerField())
    leads = Lead.objects.filter(pk__in=list(lead_ids)).annotate(territory=first)
    return dict(leads.exclude(territory=None).values_list("pk", "territory"))


def next_rep(handoff: Handoff, *, at: datetime) -> User | None:
    """The next rep to whom this lead was not offered yet, or at least not last; a rep who works its company first.
    None: nobody can take it.

    Call it in the transaction that reassigns, which took the lock of assignments before any row.
    """
    lead = Lead.objects.select_related("company").get(pk=handoff.lead_id)
    team = handoff.hop.receiving_team
    queue = AssignmentQueue.of(team, at=at)
    owner = lead.company.owner_id if lead.company else None
    territory = territory_by_lead(queue.territories, [lead.pk], at=at).get(lead.pk)
    had_it = set(Handoff.objects.filter(transition=handoff.transition_id).values_list("rep", flat=True))
    works = CompanyReps.of(team, [lead]).without(had_it).rep_for(lead, persona=handoff.persona_id)
    keeps = handoff.policy is None or handoff.policy.keeps_company
    for without in (had_it, {handoff.rep_id}):
        named = queue.named_assignee(handoff.policy, owner=owner, without=without)
        if named is None and works and keeps and (slot := queue.seller(works.rep, without)):
            return slot.user
        if slot := queue.next_assignee(handoff.policy, owner=owner, territory=territory, without=without):
            return slot.user
    return None
