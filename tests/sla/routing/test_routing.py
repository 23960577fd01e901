"""Who gets a lead: the head, the company's owner, the territory, and whose turn it is."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from funnel.models import Reason
from leads.models import Lead
from sla.models import Absence, Capacity, Handoff, Territory
from sla.notices import UNOFFERED
from sla.routing.offering import held_up, offer
from sla.routing.turns import CAPACITY, Desk, Turn, somebody_else
from teams.models import Notice, Role, Team, User
from tests import make
from tests.make import MONDAY_9AM

TODAY = date(2026, 11, 16)
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
def test_nobody_gets_more_than_they_can_take_and_the_rest_waits_visibly():
    team, (small, large) = sales(2)
    Capacity.objects.create(user=small, most_open=1)
    Capacity.objects.create(user=large, most_a_week=3)
    leads = [make.mql() for _ in range(6)]
    assert offer(at=MONDAY_9AM) == 4
    assert Counter(Handoff.objects.values_list("rep", flat=True)) == {small.pk: 1, large.pk: 3}
    waits = held_up(at=MONDAY_9AM)
    assert [held.step.lead for held in waits] == leads[4:]
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
        found = somebody_else(handoff, at=at)
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
    assert somebody_else(Handoff.objects.get(), at=MONDAY_9AM) is None


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


def turns(*capacities: tuple[int | None, int | None]) -> list[Turn]:
    return [
        Turn(User(pk=pk), most_open=most_open, most_a_week=most_a_week, nth=pk)
        for pk, (most_open, most_a_week) in enumerate(capacities, 1)
    ]


some = st.none() | st.integers(0, 12)


@given(st.lists(st.tuples(some, some), max_size=6), st.integers(0, 40))
def test_among_the_equally_weighted_under_their_cap_the_counts_differ_by_one_at_most(
    capacities: list[tuple[int | None, int | None]], leads: int
):
    desk = Desk(turns(*capacities))
    given_to: Counter[int] = Counter()
    for n in range(leads):
        turn = desk.whose(None, owner=None, territory=None)
        if turn is None:
            # Only when all are at their caps.
            assert not any(turn.is_free for turn in desk.turns.values())
            break
        desk.give(turn, at=MONDAY_9AM + timedelta(minutes=n // 3))
        given_to[turn.user.pk] += 1
    weights: dict[int, list[int]] = {}
    for turn in desk.turns.values():
        count = given_to[turn.user.pk]
        assert turn.most_open is None or count <= turn.most_open
        assert turn.most_a_week is None or count <= turn.most_a_week
        if turn.is_free:
            weights.setdefault(turn.most_a_week or turn.most_open or CAPACITY, []).append(count)
    for counts in weights.values():
        assert max(counts) - min(counts) <= 1


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(0, 3)), min_size=1),
)
def test_the_turn_is_the_lowest_share_and_of_equals_the_longest_without_an_offer(queues: list[tuple[int, ...]]):
    people = [
        Turn(User(pk=pk), open=open, this_week=week, most_a_week=100 * capacity, nth=pk,
             last_offer=MONDAY_9AM + timedelta(days=day))
        for pk, (open, week, capacity, day) in enumerate(queues, 1)
    ]  # fmt: skip
    got = Desk(people).whose(None, owner=None, territory=None)
    naive = sorted(
        people,
        key=lambda turn: (Fraction(turn.open + turn.this_week, turn.most_a_week or 1), turn.last_offer, turn.nth),
    )
    assert got is naive[0]
