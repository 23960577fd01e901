"""What a rep works, as the database orders and pages it."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine

from sla.calendars.hours import OpeningHours
from sla.handoffs.work_order import LONGEST
from sla.handoffs.worklist import being_worked, work_items
from sla.inbox import work
from sla.inbox.work import list_team_work
from sla.models import Agreement, Calendar, Handoff, Pause, Timer, Touch
from smarketing.database.keyset import Cursor
from teams.models import Role, Team, User
from tests import make
from tests.make import TEN

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# The hours with which some clocks started: by other calendars than the page's.
STATED = [
    {
        "windows": {"1": [["10:00", "00:00"]], "3": [["10:00", "12:00"]]},
        "zone": "America/New_York",
        "closed": [],
        "country": "US",
    },
    {
        "windows": {str(day): [["08:00", "17:00"]] for day in range(6)},
        "zone": "Asia/Tokyo",
        "closed": ["2026-11-13"],
        "country": "JP",
    },
]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def agreed():
    make.agreement(policy={"touch_within": 2 * HOUR, "touches": 3, "touch_days": 5})
    with time_machine.travel(TEN, tick=False):
        yield


def accepted(rep: User, at=TEN) -> Handoff:
    handoff = make.handoff(to=rep, at=at)
    handoff.accept(by=rep, at=at)
    return handoff


def worked_somehow(chance: random.Random, rep: User, policies: list[Any]) -> None:
    """One hand-off, with another cadence, touches and pauses than the one before."""
    at = TEN - timedelta(minutes=chance.randrange(60 * 24 * chance.choice([2, 20, 400])))
    handoff = accepted(rep, max(at, TEN - 20 * DAY))
    Handoff.objects.filter(pk=handoff.pk).update(policy=chance.choice(policies), offered_at=at, answered_at=at)
    handoff.timers.update(started_at=at)
    stated = chance.choice([None, *STATED])
    handoff.timers.update(started_with=stated)
    timer = handoff.timers.get(kind="first_touch")
    if chance.random() < 0.3:
        Timer.objects.filter(pk=timer.pk).update(due_at=TEN + timedelta(hours=chance.randrange(-30, 90)))
    if chance.random() < 0.4:
        starts_at = max(at, TEN - 9 * DAY) + timedelta(hours=chance.randrange(200))
        ends_at = starts_at + timedelta(hours=chance.randrange(1, 200))
        Pause.objects.create(timer=timer, starts_at=starts_at, ends_at=ends_at, reason="Away", by=rep)
    if chance.random() < 0.7:
        Timer.objects.filter(pk=timer.pk).update(stopped_at=at + HOUR, kept_at=None)
        for _ in range(chance.choice([1, 1, 2, 3])):
            Touch.objects.create(handoff=handoff, by=rep, at=at, kind="call", is_contact=chance.random() < 0.1)


@pytest.mark.parametrize(
    ("zone", "windows"),
    [
        ("Asia/Tokyo", {str(day): [["09:00", "18:00"]] for day in range(5)}),
        ("America/New_York", {"1": [["10:00", "00:00"]]}),
        ("Europe/Berlin", {str(day): [["00:00", "00:00"]] for day in range(7)}),
    ],
)
def test_the_database_orders_as_the_rule_says(zone: str, windows: Any, sam: User):
    """Against the rule in Python, of each row: cadences, touches made, pauses, deadlines."""
    chance = random.Random(11)
    draft = Agreement.objects.create(number=1000)
    policies = [
        draft.policies.create(position=position, touches=touches, touch_days=days)
        for position, (touches, days) in enumerate([(1, 1), (3, 5), (6, 10), (9, LONGEST), (None, None)])
    ]
    for _ in range(60):
        worked_somehow(chance, sam, policies)
    hours = Calendar.objects.create(name=zone, time_zone=zone, windows=windows).hours(at=TEN)
    expected = work_items(being_worked(Handoff.objects.for_rep(sam)), {sam.pk: hours}, at=TEN)
    assert len({item.due for item in expected}) >= 7
    assert places(sam, hours) == [(item.handoff.pk, item.due, item.progress.due_on) for item in expected]


def places(rep: User, hours: OpeningHours) -> list[Any]:
    """What each page of the worklist shows, page after page."""
    found, cursor = [], None
    while True:
        worklist = list_team_work(rep, hours, at=TEN, cursor=cursor)
        found += [(item.handoff.pk, item.due, item.progress.due_on) for item in worklist.page.rows]
        assert worklist.count == 60
        cursor = worklist.page.next
        if cursor is None:
            return found


def follow(client: Any, address: str, rel: str) -> list[list[int]]:
    """The hand-offs on each page, along its links."""
    pages = []
    while True:
        answer = client.get(f"/inbox/working/{address}")
        pages.append([row.handoff.pk for row in answer.context["page"].rows])
        link = re.search(rf'href="([^"]+)" rel="{rel}"', answer.content.decode())
        if not link:
            return pages
        address = unescape(link[1])


def test_the_worklist_is_paged_both_ways(sam: User, monkeypatch: pytest.MonkeyPatch):
    made = [accepted(sam, TEN - 9 * HOUR + nth * HOUR).pk for nth in range(7)]
    client = make.signed_in(sam)
    monkeypatch.setattr(work, "PAGE_SIZE", 3)
    pages = follow(client, "", "next")
    assert pages == [made[:3], made[3:6], made[6:]]
    last = list_team_work(sam, Calendar.hours_for(sam, at=TEN), at=TEN, cursor=second_cursor(sam, 2)).page.previous
    assert follow(client, f"?after={last}", "prev") == [pages[1], pages[0]]
    assert "7 in all" in client.get("/inbox/working/").content.decode()


def second_cursor(rep: User, pages: int) -> Cursor | None:
    cursor = None
    for _ in range(pages):
        cursor = list_team_work(rep, Calendar.hours_for(rep, at=TEN), at=TEN, cursor=cursor).page.next
    return cursor


def test_a_place_that_is_gone_shows_the_first_page(sam: User):
    handoff = accepted(sam)
    client = make.signed_in(sam)
    for after in (Cursor("9", 1), Cursor(0, 1), Cursor(None, 1), "damaged"):
        assert f"/handoffs/{handoff.pk}/touches/" in client.get(f"/inbox/working/?after={after}").content.decode()


def test_a_chosen_one_is_shown_beside_the_first_page_wherever_it_stands(sam: User, monkeypatch: pytest.MonkeyPatch):
    made = [accepted(sam, TEN - 9 * HOUR + nth * HOUR).pk for nth in range(7)]
    monkeypatch.setattr(work, "PAGE_SIZE", 3)
    answer = make.signed_in(sam).get(f"/inbox/{made[-1]}/")
    assert (answer.context["tab"], answer.context["work"].handoff.pk) == ("working", made[-1])
    assert [row.handoff.pk for row in answer.context["page"].rows] == made[:3]


def test_only_what_a_page_shows_is_loaded(sam: User, monkeypatch: pytest.MonkeyPatch):
    left = make.user(Role.REP, given_name="Left", team=sam.team or make.team(Team.Kind.SALES))
    for nth in range(8):
        accepted(sam, TEN - nth * HOUR)
        accepted(left, TEN - nth * HOUR)
    User.objects.filter(pk=sam.pk).update(team=Handoff.objects.earliest("pk").hop.receiving_team)
    User.objects.filter(pk=left.pk).update(is_active=False)
    client = make.signed_in(User.objects.get(pk=sam.pk))
    monkeypatch.setattr(work, "PAGE_SIZE", 3)
    loaded: list[Any] = []
    from_db = Handoff.from_db.__func__

    def counted(cls: Any, *args: Any) -> Any:
        loaded.append(args)
        return from_db(cls, *args)

    monkeypatch.setattr(Handoff, "from_db", classmethod(counted))
    answer = client.get("/inbox/working/")
    assert (len(answer.context["page"].rows), len(answer.context["nobodys"])) == (3, 3)
    # Those of both lists, and the one beside them.
    assert len(loaded) == 7
    loaded.clear()
    assert len(client.get("/").context["first_steps"]) > 3
    assert len(loaded) <= 6
