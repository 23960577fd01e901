"""What somebody was told, by which ways, and what they chose."""

from typing import Any

import pytest
from django.utils.timezone import now

from sla.notices import BREACH, OFFERED
from teams.models import Notice, NoticeChoice, Role, Team, User, kinds_for
from teams.notices import Way, notice_kinds
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP)


def of_way(person: User, way: Way) -> set[str]:
    return NoticeChoice.objects.kinds_of([person])[person.pk][way]


def usual(way: Way) -> set[str]:
    return {kind.key for kind in notice_kinds() if way in kind.usual}


def test_notices_are_asked_for_by_kind_and_by_what_became_of_them(sam: User):
    make.notice(sam)
    make.notice(sam, kind=BREACH)
    offered, breach = (Notice.objects.of(kind).get() for kind in (OFFERED, BREACH))
    assert set(Notice.objects.of(OFFERED, BREACH)) == {offered, breach}
    Notice.objects.filter(pk=breach.pk).update(read_at=now())
    Notice.objects.filter(pk=offered.pk).update(dispatched_at=now())
    assert Notice.objects.unread().get() == offered
    assert Notice.objects.undispatched().get() == breach


def test_telling_nobody_is_nothing():
    assert Notice.objects.notify([], OFFERED, OFFERED.example, about="handoff 1") == 0


def test_a_notice_told_again_keeps_its_first_moment_and_stays_read(sam: User):
    make.notice(sam, at=make.TEN)
    Notice.objects.update(read_at=make.TEN)
    make.notice(sam, at=make.NOON)
    assert Notice.objects.values_list("created_at", "read_at").get() == (make.TEN, make.TEN)


def test_many_are_told_by_one_statement(sam: User, django_assert_num_queries: Any):
    with django_assert_num_queries(1):
        Notice.objects.notify_many(OFFERED, [(sam, f"handoff {nth}", OFFERED.example) for nth in range(20)])
    assert Notice.objects.count() == 20


# Choosing


def test_who_chose_nothing_is_told_by_the_usual_ways(sam: User):
    for way in Way:
        assert of_way(sam, way) == usual(way) != set()
    assert not NoticeChoice.objects.exists()


def test_only_what_differs_from_the_usual_is_kept(sam: User):
    NoticeChoice.objects.choose(sam, {way: usual(way) for way in Way})
    assert not NoticeChoice.objects.exists()
    NoticeChoice.objects.choose(sam, {Way.EMAIL: usual(Way.EMAIL) - {OFFERED.key}, Way.CHAT: usual(Way.CHAT)})
    choice = NoticeChoice.objects.get()
    assert (choice.kind, choice.way, choice.wanted) == (OFFERED.key, Way.EMAIL, False)


def test_a_choice_takes_the_place_of_the_one_before(sam: User):
    NoticeChoice.objects.choose(sam, {Way.EMAIL: set(), Way.CHAT: set()})
    assert of_way(sam, Way.EMAIL) == of_way(sam, Way.CHAT) == set()
    NoticeChoice.objects.choose(sam, {Way.EMAIL: {OFFERED.key}, Way.CHAT: {OFFERED.key}})
    assert of_way(sam, Way.EMAIL) == of_way(sam, Way.CHAT) == {OFFERED.key}


def test_what_one_chose_is_nobody_else_s(sam: User):
    rosa = make.user(Role.REP)
    NoticeChoice.objects.choose(sam, {Way.EMAIL: set(), Way.CHAT: set()})
    assert of_way(rosa, Way.EMAIL) == usual(Way.EMAIL)


def test_the_choices_of_many_are_one_query(sam: User, django_assert_num_queries: Any):
    people = [sam, *(make.user(Role.REP) for _ in range(9))]
    for person in people:
        NoticeChoice.objects.choose(person, {Way.EMAIL: set(), Way.CHAT: set()})
    with django_assert_num_queries(1):
        told = NoticeChoice.objects.kinds_of(people)
    assert all(kinds == {Way.EMAIL: set(), Way.CHAT: set()} for kinds in told.values())
    assert len(told) == 10


def test_a_person_may_get_the_kinds_of_their_roles_and_as_a_head_more(sam: User):
    before = {kind.key for kind in kinds_for(sam)}
    make.team(Team.Kind.SALES, head=sam)
    after = {kind.key for kind in kinds_for(sam)}
    assert after - before == {kind.key for kind in notice_kinds() if kind.to_heads and Role.REP not in kind.roles}
    assert "to_sign" in after - before
    assert kinds_for(make.user()) == []
