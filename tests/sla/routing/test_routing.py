"""Who is offered a lead: the head, the company's owner, the territory, and the order of the queue."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from funnel.models import Reason
from integrations.delivery.quiet_hours import opening
from leads.models import Lead
from sla.models import Absence, Calendar, Capacity, Handoff, Territory
from sla.notices import UNOFFERED
from sla.routing.assignment import DEFAULT_CAPACITY, AssignmentQueue, Slot, next_rep
from sla.routing.capacity import loads
from sla.routing.offering import offer, unoffered_leads
from sla.routing.returning import returned_members
from teams.models import Notice, Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, NOON, TEN
from tests.reading import rows_read

TODAY = date(2026, 11, 16)
MINUTE = timedelta(minutes=1)
ALWAYS = {str(day): [["00:00", "00:00"]] for day in range(7)}
IN_JAPAN = {"field": "country", "op": "=", "value": "JP"}
BIG = {"field": "company.employees", "op": ">=", "value": 1000}


def sales(reps: int, **fields: Any) -> tuple[Team, list[User]]:
    """A sales team with a head, in an agreement in force, and its reps."""
    team = make.team(Team.Kind.SALES, head=make.user(Role.MANAGER))
    members = [make.user(Role.REP, team=team) for _ in range(reps)]
    make.agreement(receiving=team, **fields)
    return team, members


def offered_to(lead: Lead) -> User:
    return Handoff.objects.get(lead=lead, answer="").rep


def absent(user: User, first: date = TODAY, last: date = TODAY) -> None:
    Absence.objects.create(user=user, from_on=first, until_on=last)


def territory(team: Team, criteria: dict[str, Any], *members: User, position: int = 0) -> Territory:
    made = Territory.objects.create(team=team, name="Ours", criteria=criteria, position=position)
    made.members.set(members)
    return made


@pytest.mark.django_db
def test_the_owner_of_the_company_comes_first():
    team, (idle, owner) = sales(2)
    for _ in range(2):
        lead = make.mql(company=make.company(owner=owner))
        assert offer(at=MONDAY_9AM) == 1
        assert offered_to(lead) == owner
    assert not Handoff.objects.filter(rep=idle).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["elsewhere", "left", "no rep", "absent", "full"])
def test_an_owner_who_cannot_take_it_is_passed_over(why: str):
    _team, (other, owner) = sales(2)
    change: dict[str, dict[str, Any]] = {
        "elsewhere": {"team": make.team(Team.Kind.SALES)},
        "left": {"is_active": False},
        "no rep": {"roles": []},
    }
    User.objects.filter(pk=owner.pk).update(**change.get(why, {"is_active": True}))
    if why == "absent":
        absent(owner)
    if why == "full":
        Capacity.objects.create(user=owner, most_open=0)
    lead = make.mql(company=make.company(owner=owner))
    offer(at=MONDAY_9AM)
    assert offered_to(lead) == other


@pytest.mark.django_db
def test_the_first_territory_that_a_lead_lies_in_decides_and_its_members_take_turns():
    team, (anyone, kansai, kanto) = sales(3)
    territory(team, IN_JAPAN, kansai, kanto, position=1)
    territory(team, BIG, anyone, position=2)
    leads = [make.mql(country="JP", company=make.company(employees=5000)) for _ in range(4)]
    elsewhere = make.mql(country="DE", company=make.company(employees=5000))
    offer(at=MONDAY_9AM)
    assert Counter(offered_to(lead) for lead in leads) == {kansai: 2, kanto: 2}
    assert offered_to(elsewhere) == anyone


@pytest.mark.django_db
def test_where_nobody_of_the_territory_is_there_the_whole_team_takes_it():
    team, (anyone, kansai) = sales(2)
    territory(team, IN_JAPAN, kansai)
    absent(kansai)
    lead = make.mql(country="JP")
    offer(at=MONDAY_9AM)
    assert offered_to(lead) == anyone


@pytest.mark.django_db
def test_the_territory_of_another_team_says_nothing():
    _team, (first, second) = sales(2)
    territory(make.team(Team.Kind.SALES), IN_JAPAN, second)
    lead = make.mql(country="JP")
    offer(at=MONDAY_9AM)
    assert offered_to(lead) == first


@pytest.mark.django_db
def test_the_policy_may_send_it_to_the_head_of_the_team():
    team, (rep,) = sales(1, policy={"goes_to": "head"})
    lead = make.mql(company=make.company(owner=rep))
    offer(at=MONDAY_9AM)
    assert offered_to(lead) == team.head


@pytest.mark.django_db
def test_while_the_head_is_away_it_is_routed_as_others_are():
    team, (rep,) = sales(1, policy={"goes_to": "head"})
    assert team.head is not None
    absent(team.head)
    lead = make.mql()
    offer(at=MONDAY_9AM)
    assert offered_to(lead) == rep


@pytest.mark.django_db
def test_a_head_who_does_not_sell_gets_nothing_else():
    sales(1)
    User.objects.filter(roles__contains=["rep"]).update(is_active=False)
    make.mql()
    assert offer(at=MONDAY_9AM) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "last", "is_there"),
    [(TODAY, TODAY, False), (TODAY - timedelta(days=3), TODAY - timedelta(days=1), True),
     (TODAY + timedelta(days=1), TODAY + timedelta(days=9), True), (TODAY - timedelta(days=9), TODAY, False)],
)  # fmt: skip
def test_absent_means_that_company_day(first: date, last: date, is_there: bool):
    _team, (rep,) = sales(1)
    absent(rep, first, last)
    make.mql()
    # Still Monday in Tokyo, and again at its very start.
    assert offer(at=MONDAY_9AM + timedelta(hours=14, minutes=59)) == is_there


@pytest.mark.django_db
@pytest.mark.parametrize("whose", ["own", "team"])
@pytest.mark.parametrize(
    ("day", "hour", "is_there"), [(15, 14, True), (15, 16, True), (16, 5, False), (17, 4, False), (17, 5, True)]
)
def test_an_absence_is_a_day_of_the_absent_persons_own_calendar(whose: str, day: int, hour: int, is_there: bool):
    """Monday in New York lasts from 5:00 UTC on; the company's Monday began fourteen hours earlier, in Tokyo."""
    team, (rep,) = sales(1)
    abroad = Calendar.objects.create(name="New York", time_zone="America/New_York", windows=ALWAYS)
    abroad.uses.create(user=rep if whose == "own" else None, team=None if whose == "own" else team)
    absent(rep)
    make.mql(at=MONDAY_9AM - timedelta(days=2))
    at = datetime(2026, 11, day, hour, tzinfo=UTC)
    assert offer(at=at) == is_there
    assert [load.away is None for load in loads([rep], at)] == [is_there]
    assert (opening(rep, at) == at) == is_there


@pytest.mark.django_db
@pytest.mark.parametrize("most_a_week", [None, 30])
def test_who_comes_back_does_not_catch_up(most_a_week: int | None):
    """Sam was away from Monday to Wednesday, while eight leads went to the others."""
    _team, people = sales(3)
    sam, *others = people
    Capacity.objects.bulk_create(Capacity(user=user, most_a_week=most_a_week) for user in people)
    absent(sam, TODAY, TODAY + timedelta(days=2))
    for n in range(8):
        make.mql()
        offer(at=MONDAY_9AM + timedelta(hours=n))
    back = MONDAY_9AM + timedelta(days=3)
    leads = [make.mql() for _ in range(6)]
    for n, lead in enumerate(leads):
        assert offer([lead.pk], at=back + timedelta(hours=n)) == 1
    assert Counter(offered_to(lead) for lead in leads) == dict.fromkeys(people, 2)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "catches_up"), [(3, False), (9, False), (10, True)])
def test_for_seven_days_from_the_first_open_day_back(days: int, catches_up: bool):
    """Away through Wednesday: Thursday the 19th is the first open day, and the 26th the first that counts as before."""
    _team, (sam, other) = sales(2)
    absent(sam, TODAY, TODAY + timedelta(days=2))
    for lead in [make.mql() for _ in range(4)]:
        offer([lead.pk], at=MONDAY_9AM)
    at = MONDAY_9AM + timedelta(days=days)
    leads = [make.mql() for _ in range(2)]
    offer([lead.pk for lead in leads], at=at)
    assert (Counter(offered_to(lead) for lead in leads)[other] == 0) == catches_up


@pytest.mark.django_db
def test_the_first_open_day_back_may_come_after_a_closed_one():
    """Away through Friday the 13th: the week of grace begins on Monday, also for who looks on Sunday."""
    team, (sam,) = sales(1)
    absent(sam, TODAY - timedelta(days=5), TODAY - timedelta(days=3))
    moments = [MONDAY_9AM + timedelta(days=n) for n in (-3, -1, 0, 6, 7)]
    assert [sam.pk in returned_members(team, at=at) for at in moments] == [False, True, True, True, False]


@pytest.mark.django_db
def test_nobody_gets_more_than_they_can_take_and_the_rest_waits_visibly():
    team, (small, large) = sales(2)
    Capacity.objects.create(user=small, most_open=1)
    Capacity.objects.create(user=large, most_a_week=3)
    leads = [make.mql() for _ in range(6)]
    assert offer(at=MONDAY_9AM) == 4
    assert Counter(Handoff.objects.values_list("rep", flat=True)) == {small.pk: 1, large.pk: 3}
    waits = unoffered_leads(at=MONDAY_9AM)
    assert [held.transition.lead for held in waits] == leads[4:]
    assert all(held.is_ready for held in waits)
    assert Notice.objects.of(UNOFFERED).filter(user=team.head).count() == 2


@pytest.mark.django_db
def test_a_new_week_and_an_answer_make_room():
    _team, (weekly, opened) = sales(2)
    Capacity.objects.create(user=weekly, most_a_week=1)
    Capacity.objects.create(user=opened, most_open=1)
    for _ in range(4):
        make.mql()
    assert offer(at=MONDAY_9AM) == 2
    Handoff.objects.get(rep=opened).accept(by=opened, at=MONDAY_9AM)
    assert offer(at=MONDAY_9AM) == 1
    sunday = MONDAY_9AM + timedelta(days=6, hours=14, minutes=59)
    assert offer(at=sunday) == 0
    assert offer(at=sunday + timedelta(minutes=1)) == 1


@pytest.mark.django_db
def test_who_waits_is_offered_before_who_comes_later():
    sam = make.user(Role.REP)
    handoff = make.handoff(to=sam)
    Capacity.objects.create(user=sam, most_open=1)
    waits, comes = make.mql(at=TEN), make.mql(at=NOON)
    assert offer([waits.pk], at=TEN) == 0
    handoff.accept(at=NOON, by=sam)
    assert offer([comes.pk], at=NOON) == 1
    assert Handoff.objects.open().values_list("lead").get() == (waits.pk,)


@pytest.mark.django_db
def test_of_those_who_wait_longer_as_many_are_read_as_can_be_offered():
    """A lead comes, and the first of the many before it is offered in its place."""
    sam = make.user(Role.REP)
    handoff = make.handoff(to=sam)
    Capacity.objects.create(user=sam, most_open=1)
    first, *_others = [make.mql(at=TEN + nth * MINUTE) for nth in range(30)]
    handoff.accept(at=NOON, by=sam)
    comes = make.mql(at=NOON)
    with rows_read() as rows:
        assert offer([comes.pk], at=NOON) == 1
    assert max(rows) < 10
    assert Handoff.objects.open().values_list("lead").get() == (first.pk,)


@pytest.mark.django_db
def test_after_those_whom_nobody_can_take_the_next_have_their_turn():
    """The oldest wait for the rep of their company, who has no room."""
    _team, (busy, other) = sales(2)
    acme = make.company()
    make.mql(company=acme, at=MONDAY_9AM)
    offer(at=MONDAY_9AM)
    busy, other = (busy, other) if Handoff.objects.get().rep == busy else (other, busy)
    for rep in (busy, other):
        Capacity.objects.create(user=rep, most_open=1)
    make.mql(at=MONDAY_9AM)
    assert offer(at=MONDAY_9AM) == 1
    for nth in range(5):
        make.mql(company=acme, at=TEN + nth * MINUTE)
    waits = make.mql(at=TEN + 9 * MINUTE)
    assert offer(at=TEN + 10 * MINUTE) == 0
    Handoff.objects.get(rep=other).accept(by=other, at=NOON)
    comes = make.mql(at=NOON)
    assert offer([comes.pk], at=NOON) == 1
    assert Handoff.objects.open().get(rep=other).lead == waits


@pytest.mark.django_db
def test_a_rejected_one_gives_the_turn_back():
    _team, (first, second) = sales(2)
    Capacity.objects.create(user=first, most_a_week=1)
    Capacity.objects.create(user=second, most_a_week=1)
    make.mql()
    offer(at=MONDAY_9AM)
    reason = Reason.objects.get(kind=Reason.Kind.REJECTED, key="no_project")
    Handoff.objects.get(rep=first).reject(by=first, reason=reason, verdict=Handoff.Verdict.FITS, at=MONDAY_9AM)
    again, other = make.mql(), make.mql()
    later = MONDAY_9AM + timedelta(hours=1)
    assert offer(at=later) == 2
    assert (offered_to(again), offered_to(other)) == (first, second)


@pytest.mark.django_db
def test_reassigning_goes_the_same_way_without_those_who_had_it():
    team, (idle, owner, neighbour) = sales(3)
    territory(team, IN_JAPAN, owner, neighbour)
    lead = make.mql(country="JP", company=make.company(owner=owner))
    offer(at=MONDAY_9AM)
    handoff = Handoff.objects.get(lead=lead)
    to = []
    for hours in range(1, 4):
        at = MONDAY_9AM + timedelta(hours=hours)
        found = next_rep(handoff, at=at)
        assert found is not None
        to.append(found)
        handoff = handoff.reassign(found, at=at)
    # Then all have had it: again the owner, who is not the one that has it now.
    assert (handoff.replaces.replaces.replaces.rep, to) == (owner, [neighbour, idle, owner])


@pytest.mark.django_db
def test_alone_there_is_nobody_else():
    sales(1)
    make.mql()
    offer(at=MONDAY_9AM)
    assert next_rep(Handoff.objects.get(), at=MONDAY_9AM) is None


@pytest.mark.django_db
def test_routing_takes_the_same_queries_for_one_lead_and_for_twenty():
    team, (rep, other) = sales(2, ready_fields=["country"])
    Capacity.objects.create(user=rep, most_open=100)
    territory(team, IN_JAPAN, rep)
    territory(team, BIG, other)
    queries = []
    for leads in (1, 20):
        for n in range(leads):
            make.mql(country="JP", company=make.company(owner=other if n % 2 else None))
        with CaptureQueriesContext(connection) as captured:
            assert offer(at=MONDAY_9AM) == leads
        queries.append(len(captured))
    assert queries[0] == queries[1]


def slots(*capacities: tuple[int | None, int | None]) -> list[Slot]:
    return [
        Slot(User(pk=pk), most_open=most_open, most_a_week=most_a_week, order=pk)
        for pk, (most_open, most_a_week) in enumerate(capacities, 1)
    ]


some = st.none() | st.integers(0, 12)


@given(st.lists(st.tuples(some, some), max_size=6), st.integers(0, 40))
def test_among_the_equally_weighted_under_their_cap_the_counts_differ_by_one_at_most(
    capacities: list[tuple[int | None, int | None]], leads: int
):
    queue = AssignmentQueue(slots(*capacities))
    assigned_to: Counter[int] = Counter()
    for n in range(leads):
        slot = queue.next_assignee(None, owner=None, territory=None)
        if slot is None:
            # Only when all are at their caps.
            assert not any(slot.is_free for slot in queue.slots.values())
            break
        queue.assign(slot, at=MONDAY_9AM + timedelta(minutes=n // 3))
        assigned_to[slot.user.pk] += 1
    weights: dict[int, list[int]] = {}
    for slot in queue.slots.values():
        count = assigned_to[slot.user.pk]
        assert slot.most_open is None or count <= slot.most_open
        assert slot.most_a_week is None or count <= slot.most_a_week
        if slot.is_free:
            weights.setdefault(slot.most_a_week or slot.most_open or DEFAULT_CAPACITY, []).append(count)
    for counts in weights.values():
        assert max(counts) - min(counts) <= 1


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(0, 3)), min_size=1),
)
def test_next_is_the_lowest_share_and_of_equals_the_longest_without_an_offer(queues: list[tuple[int, ...]]):
    people = [
        Slot(User(pk=pk), open=open, this_week=week, most_a_week=100 * capacity, order=pk,
             last_offer=MONDAY_9AM + timedelta(days=day))
        for pk, (open, week, capacity, day) in enumerate(queues, 1)
    ]  # fmt: skip
    got = AssignmentQueue(people).next_assignee(None, owner=None, territory=None)
    naive = sorted(
        people,
        key=lambda slot: (Fraction(slot.open + slot.this_week, slot.most_a_week or 1), slot.last_offer, slot.order),
    )
    assert got is naive[0]
