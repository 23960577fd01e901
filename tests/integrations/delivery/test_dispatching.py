"""By which ways a notice goes out, and when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from integrations.chat.models import Channel
from integrations.delivery import dispatching
from integrations.delivery.dispatching import dispatch_all
from integrations.delivery.quiet_hours import opening, opening_of
from integrations.messages.models import Delivery
from leads.notices import IMPORT_DONE
from sla.calendars.hours import OpeningHours
from sla.models import Absence, Calendar, CalendarUse
from sla.notices import BREACH, OFFERED
from teams.models import Notice, NoticeChoice, Organization, Role, Team, User
from teams.notices import NoticeKind, Way, notice_kinds
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db
AT = MONDAY_9AM + timedelta(hours=1)


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, email="sam@example.org")


def tell(*users: User, kind: NoticeKind[Any] = OFFERED, about: str = "handoff 1", at: datetime = AT) -> None:
    make.notice(*users, kind=kind, about=about, at=at)


def channel(**fields: object) -> Channel:
    return Channel.objects.create(url="https://chat.example.org/hook/secret", **fields)


def ways() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("notice__kind", "way"))


def test_a_notice_goes_out_by_e_mail_when_nothing_else_was_chosen(sam: User) -> None:
    tell(sam)
    assert dispatch_all(at=AT) == 1
    delivery = Delivery.objects.get()
    assert (delivery.way, delivery.address, delivery.due_at) == ("email", "sam@example.org", AT)
    assert delivery.next_try_at == AT


def test_a_finished_import_is_told_in_the_app_alone(sam: User) -> None:
    tell(sam, kind=IMPORT_DONE)
    assert dispatch_all(at=AT) == 0
    assert not Notice.objects.undispatched().exists()


def test_a_kind_of_another_version_is_read_in_the_app_alone(sam: User) -> None:
    Notice.objects.create(user=sam, kind="of_tomorrow", about="1", created_at=AT)
    tell(sam)
    assert dispatch_all(at=AT) == 1
    assert ways() == [("offered", "email")]
    assert not Notice.objects.undispatched().exists()


def test_each_batch_is_decided_on_at_its_own_moment(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(sam, about="handoff 1")
    tell(sam, about="handoff 2")
    monkeypatch.setattr(dispatching, "BATCH", 1)
    real = dispatching._deliveries
    with time_machine.travel(AT, tick=False) as clock:

        def slow(*args: Any) -> Any:
            clock.shift(600)
            return real(*args)

        monkeypatch.setattr(dispatching, "_deliveries", slow)
        assert dispatch_all() == 2
    moments = Notice.objects.order_by("dispatched_at").values_list("dispatched_at", flat=True)
    assert list(moments) == [AT, AT + timedelta(minutes=10)]


def test_dispatching_twice_is_dispatching_once(sam: User) -> None:
    tell(sam)
    assert [dispatch_all(at=AT), dispatch_all(at=AT)] == [1, 0]


@pytest.mark.parametrize("kind", notice_kinds(), ids=lambda kind: kind.key)
def test_each_kind_goes_by_the_ways_that_were_chosen_and_no_other(sam: User, kind: NoticeKind[Any]) -> None:
    channel(user=sam)
    for chosen in [set(), {Way.EMAIL}, {Way.CHAT}, {Way.EMAIL, Way.CHAT}]:
        NoticeChoice.objects.choose(sam, {way: {kind.key} if way in chosen else set() for way in Way})
        tell(sam, kind=kind, about=f"{chosen}")
        dispatch_all(at=AT)
        assert set(Delivery.objects.filter(notice__about=f"{chosen}").values_list("way", flat=True)) == chosen


def test_only_what_differs_from_the_usual_is_kept(sam: User) -> None:
    usual = NoticeChoice.objects.kinds_of([sam])[sam.pk]
    NoticeChoice.objects.choose(sam, usual)
    assert not NoticeChoice.objects.exists()
    NoticeChoice.objects.choose(sam, usual | {Way.EMAIL: usual[Way.EMAIL] - {OFFERED.key}})
    (row,) = NoticeChoice.objects.values_list("way", "kind", "wanted")
    assert row == ("email", "offered", False)


def test_without_a_chat_nothing_waits_for_one(sam: User) -> None:
    tell(sam, kind=BREACH)
    dispatch_all(at=AT)
    assert ways() == [("breach", "email")]


def test_a_team_s_chat_is_told_once_however_many_of_it_are() -> None:
    team = make.team(Team.Kind.SALES)
    people = [make.user(Role.REP, team=team) for _ in range(3)]
    channel(team=team, kinds=["breach"])
    tell(*people, kind=BREACH, about="timer 1")
    tell(*people, kind=OFFERED, about="handoff 1")
    dispatch_all(at=AT)
    assert Delivery.objects.filter(way="team").count() == 1
    # Somebody else of the team is told of it later.
    late = make.user(Role.REP, team=team)
    tell(late, kind=BREACH, about="timer 1")
    dispatch_all(at=AT)
    assert Delivery.objects.filter(way="team").count() == 1


def test_nothing_goes_to_a_chat_that_is_gone(sam: User) -> None:
    channel(user=sam, dead_at=AT)
    tell(sam, kind=BREACH)
    dispatch_all(at=AT)
    assert ways() == [("breach", "email")]


def test_whoever_left_is_told_nothing(sam: User) -> None:
    User.objects.update(is_active=False)
    tell(sam)
    assert dispatch_all(at=AT) == 0
    assert not Notice.objects.undispatched().exists()


def test_what_is_older_than_a_day_is_read_in_the_app(sam: User) -> None:
    tell(sam, about="old", at=AT - timedelta(days=1, seconds=1))
    tell(sam, about="new", at=AT - timedelta(days=1))
    dispatch_all(at=AT)
    assert [delivery.notice.about for delivery in Delivery.objects.all()] == ["new"]


def test_the_demo_s_past_is_not_sent(sam: User) -> None:
    Organization.ours()
    Organization.objects.update(is_demo=True)
    tell(sam, about="lived")
    assert dispatch_all(at=AT) == 0
    assert Notice.objects.undispatched().exists()
    ready = AT + timedelta(minutes=5)
    Organization.objects.update(demo_built_at=ready)
    tell(sam, about="today", at=ready + timedelta(minutes=1))
    dispatch_all(at=ready + timedelta(minutes=2))
    assert [delivery.notice.about for delivery in Delivery.objects.all()] == ["today"]


def test_dispatching_costs_the_same_for_one_and_for_many_notices(sam: User) -> None:
    tell(sam)
    with CaptureQueriesContext(connection) as one:
        dispatch_all(at=AT)
    for n in range(20):
        tell(sam, about=f"handoff {n + 2}")
    with CaptureQueriesContext(connection) as many:
        dispatch_all(at=AT)
    assert len(many) == len(one)


# Many at once


def when(way: str = "email") -> list[int]:
    """After how many minutes each goes out."""
    rows = Delivery.objects.filter(way=way).order_by("due_at", "pk")
    return [round((row.due_at - AT).total_seconds() / 60) for row in rows]


def test_of_many_of_one_kind_five_go_out_at_once_and_the_others_as_one(sam: User) -> None:
    for n in range(120):
        tell(sam, about=f"handoff {n}")
    assert dispatch_all(at=AT) == 120
    assert when() == [0] * 5 + [10] * 115
    assert Notice.objects.filter(user=sam).count() == 120
    assert Delivery.objects.due(AT).count() == 5
    assert Delivery.objects.due(AT + timedelta(minutes=10)).count() == 6


def test_ten_minutes_begin_with_the_first_and_then_anew(sam: User) -> None:
    for minute in (0, 1, 2, 3, 4, 5, 9, 10, 11):
        moment = AT + timedelta(minutes=minute)
        tell(sam, about=f"handoff {minute}", at=moment)
        dispatch_all(at=moment)
    assert when() == [0, 1, 2, 3, 4, 10, 10, 10, 11]
    gathered = Delivery.objects.filter(gathers_until=AT + timedelta(minutes=10))
    assert {delivery.notice.about for delivery in gathered} == {"handoff 5", "handoff 9"}


def test_each_kind_and_each_person_is_counted_alone(sam: User) -> None:
    rosa = make.user(Role.REP)
    for n in range(4):
        tell(sam, rosa, about=f"handoff {n}")
        tell(sam, kind=BREACH, about=f"timer {n}")
    dispatch_all(at=AT)
    assert not Delivery.objects.exclude(gathers_until=None).exists()


def test_a_team_s_chat_counts_what_it_is_told_not_whom_of_it() -> None:
    team = make.team(Team.Kind.SALES)
    people = [make.user(Role.REP, team=team) for _ in range(3)]
    channel(team=team, kinds=["breach"])
    for n in range(7):
        tell(*people, kind=BREACH, about=f"timer {n}")
    dispatch_all(at=AT)
    assert when("team") == [0] * 5 + [10] * 2


def test_what_waits_for_the_others_waits_for_the_morning_as_well(sam: User) -> None:
    evening = MONDAY_9AM + timedelta(hours=8, minutes=55)
    for n in range(7):
        tell(sam, about=f"handoff {n}", at=evening)
    dispatch_all(at=evening)
    late = Delivery.objects.exclude(gathers_until=None)
    assert {delivery.due_at for delivery in late} == {MONDAY_9AM + timedelta(days=1)}


# Quiet hours


def test_what_comes_in_the_night_waits_for_the_morning(sam: User) -> None:
    night = MONDAY_9AM + timedelta(hours=14)
    tell(sam, at=night)
    dispatch_all(at=night)
    assert Delivery.objects.get().due_at == MONDAY_9AM + timedelta(days=1)


def test_without_quiet_hours_nothing_waits(sam: User) -> None:
    User.objects.update(quiet_hours=False)
    night = MONDAY_9AM + timedelta(hours=14)
    tell(sam, at=night)
    dispatch_all(at=night)
    assert Delivery.objects.get().due_at == night


def test_whoever_is_away_is_told_when_they_are_back(sam: User) -> None:
    Absence.objects.create(user=sam, from_on=date(2026, 11, 16), until_on=date(2026, 11, 18))
    assert opening(sam, AT) == MONDAY_9AM + timedelta(days=3)
    assert opening(make.user(), AT) == AT


def test_each_person_is_quiet_by_their_own_calendar(sam: User) -> None:
    new_york = Calendar.objects.create(
        name="New York",
        time_zone="America/New_York",
        country="US",
        windows={str(day): [["09:00", "18:00"]] for day in range(5)},
    )
    CalendarUse.objects.create(calendar=new_york, user=sam)
    # Friday evening before the clocks go forward, and before they go back: 9:00 there is another hour of UTC.
    assert opening(sam, datetime(2026, 3, 7, 1, tzinfo=UTC)) == datetime(2026, 3, 9, 13, tzinfo=UTC)
    assert opening(sam, datetime(2026, 10, 31, 1, tzinfo=UTC)) == datetime(2026, 11, 2, 14, tzinfo=UTC)


def test_the_opening_is_the_minute_that_a_naive_clock_finds() -> None:
    zone = ZoneInfo("Europe/Berlin")
    night = {day: [(time(1, 30), time(3, 30))] for day in range(7)}
    hours = OpeningHours(night, frozenset({date(2026, 10, 25)}), zone)
    for begin in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
        for step in range(0, 48 * 60, 47):
            at = begin + timedelta(minutes=step)
            naive = next(m for m in (at + timedelta(minutes=n) for n in range(5000)) if hours.is_open(m))
            assert opening_of(hours, at) == naive


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_dispatch_at_once_decide_on_each_once() -> None:
    for n in range(40):
        tell(make.user(), about=f"handoff {n}")

    def run() -> int:
        try:
            return dispatch_all(at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        made = sum(done.result() for done in [pool.submit(run) for _ in range(4)])
    assert made == Delivery.objects.count() == 40


def test_a_notice_that_breaks_the_batch_holds_up_no_other(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        tell(sam, about=f"handoff {n}")
    real = dispatching._deliveries

    def fail_for_one(notices: Any, *more: Any) -> Any:
        if any(notice.about == "handoff 1" for notice in notices):
            raise RuntimeError("a defect")
        return real(notices, *more)

    monkeypatch.setattr(dispatching, "_deliveries", fail_for_one)
    assert dispatch_all(at=AT) == 2
    assert not Notice.objects.undispatched().exists()


def test_administrators_are_told_once_a_day_of_notices_that_cannot_be_sent(
    sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = make.user(Role.ADMINISTRATOR)

    def fail(*given: Any) -> Any:
        raise RuntimeError("a defect")

    monkeypatch.setattr(dispatching, "_deliveries", fail)
    for day in (AT, AT, AT + timedelta(days=1)):
        for n in range(2):
            tell(sam, about=f"handoff {day} {n} {Notice.objects.count()}", at=day)
        dispatch_all(at=day)
    told = Notice.objects.filter(kind="notice_failed").order_by("pk")
    assert [notice.user for notice in told] == [admin, admin]
    assert [notice.params for notice in told] == [{"kind": "offered"}] * 2
    assert [notice.created_at for notice in told] == [AT, AT + timedelta(days=1)]
    assert not Notice.objects.undispatched().exists()
