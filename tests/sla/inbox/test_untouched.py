"""Don't be on this list: who is late with what."""

import random
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sla.escalation.sweeping import sweep_timers
from sla.handoffs import overdue
from sla.handoffs.overdue import ROWS_PER_REP, OverdueByRep, overdue_by_rep, overdue_of
from sla.handoffs.worklist import being_worked, work_items
from sla.models import Agreement, Calendar, CalendarUse, Handoff, Pause, Timer, Touch
from smarketing.database.keyset import Cursor
from teams.models import Role, Team, User
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def agreed():
    make.agreement(policy={"touch_within": timedelta(hours=2), "touches": 3, "touch_days": 5})
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def rosa() -> User:
    return make.user(Role.REP, given_name="Rosa")


def accepted(rep: User, at=TEN) -> Handoff:
    handoff = make.handoff(to=rep, at=at)
    handoff.accept(by=rep, at=at)
    return handoff


def late() -> dict[str, list[int]]:
    return {str(group.rep): keys_of(group) for group in overdue_by_rep(at=TEN).groups}


def keys_of(group: OverdueByRep) -> list[int]:
    return [each.pk for each in group.unanswered] + [work.handoff.pk for work in group.untouched]


def test_who_is_late_is_listed_with_what(sam: User, rosa: User):
    unanswered = make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY)
    untouched = accepted(sam, TEN - 3 * DAY)
    behind_cadence = accepted(rosa, TEN - 7 * DAY)
    behind_cadence.touch("call", by=rosa, at=TEN - 7 * DAY)
    # None of these is late: in time, touched, reached, given up in time.
    make.handoff(to=sam, at=MONDAY_9AM)
    accepted(sam)
    accepted(rosa, TEN - 3 * DAY).touch("email", by=rosa, at=TEN)
    accepted(rosa, TEN - 7 * DAY).touch("call", by=rosa, contact=True, at=TEN - 7 * DAY)
    assert late() == {"Sam": [unanswered.pk, untouched.pk], "Rosa": [behind_cadence.pk]}


def test_it_does_not_matter_whether_the_sweep_has_looked(sam: User):
    make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY)
    accepted(sam, TEN - 3 * DAY)
    before = late()
    sweep_timers(at=TEN)
    assert Timer.objects.exclude(breached_at=None).count() == 2
    assert late() == before


def test_a_touch_takes_it_off_the_list_though_it_was_late(sam: User):
    handoff = accepted(sam, TEN - DAY * 3)
    assert late() == {"Sam": [handoff.pk]}
    handoff.touch("call", by=sam, at=TEN)
    assert late() == {}


def test_a_paused_one_is_not_late(sam: User):
    handoff = accepted(sam, TEN - 3 * DAY)
    handoff.timers.get(kind="first_touch").pause(until=TEN + DAY, reason="Holiday", by=sam, at=TEN - 3 * DAY)
    assert late() == {}


def test_the_page_opens_each_lead(sam: User, rosa: User):
    handoff = accepted(sam, TEN - 3 * DAY)
    page = make.signed_in(make.user(Role.MANAGER)).get("/untouched/").content.decode()
    assert f"/leads/{handoff.lead_id}/" in page
    assert "No first touch" in page
    assert make.signed_in(rosa).get("/untouched/").status_code == 200
    assert make.signed_in(make.user(Role.MARKETER)).get("/untouched/").status_code == 403


def test_nobody_late_says_so(sam: User):
    assert "Nobody is on this list" in make.signed_in(sam).get("/untouched/").content.decode()


def test_a_rep_with_many_is_shown_in_short_and_in_full(sam: User):
    for _ in range(12):
        make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY)
    client = make.signed_in(sam)
    assert f'href="?rep={sam.pk}"' in client.get("/untouched/").content.decode()
    whole = client.get(f"/untouched/?rep={sam.pk}").content.decode()
    assert whole.count("No answer") == 12
    assert client.get("/untouched/?rep=x").status_code == 200


def follow(client: Client, address: str, pattern: str, rel: str = "next") -> list[list[str]]:
    """What the pattern finds on each page, along its links."""
    pages = []
    while address:
        page = client.get(f"/untouched/{address}").content.decode()
        pages.append(re.findall(pattern, page))
        link = re.search(rf'href="([^"]+)" rel="{rel}"', page)
        address = unescape(link[1]) if link else ""
    return pages


def test_all_that_one_rep_is_late_with_is_paged(sam: User, monkeypatch: pytest.MonkeyPatch):
    made = [make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY).lead_id for _ in range(4)]
    made += [accepted(sam, TEN - 3 * DAY).lead_id for _ in range(3)]
    client = make.signed_in(sam)
    monkeypatch.setattr(overdue, "PAGE_SIZE", 3)
    pages = follow(client, f"?rep={sam.pk}", r"/leads/(\d+)/")
    assert [[int(pk) for pk in page] for page in pages] == [made[:3], made[3:6], made[6:]]


def test_reps_are_paged_whoever_is_late_with_most_first(monkeypatch: pytest.MonkeyPatch):
    reps = [make.user(Role.REP, given_name=f"Rep {number}") for number in range(5)]
    for number, rep in enumerate(reps):
        for _ in range(1 + number % 3):
            make.handoff(to=rep, at=MONDAY_9AM - 3 * DAY)
    client = make.signed_in(make.user(Role.MANAGER))
    monkeypatch.setattr(overdue, "REPS", 2)
    pages = follow(client, "?", r'id="rep-(\d+)"')
    cursor = overdue_by_rep(at=TEN, cursor=overdue_by_rep(at=TEN).page.next).page.previous
    back = overdue_by_rep(at=TEN, cursor=cursor)
    keys = [str(rep.pk) for rep in reps]
    assert pages == [[keys[2], keys[1]], [keys[4], keys[0]], [keys[3]]]
    assert [str(group.rep.pk) for group in back.groups] == pages[0]
    assert back.count == 9


def test_a_place_that_is_gone_shows_the_first_page(sam: User):
    make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY)
    client = make.signed_in(sam)
    for after in (Cursor("3", 1), Cursor(0, 1), Cursor(None, 1), Cursor(True, 1), "damaged"):
        for address in (f"?after={after}", f"?rep={sam.pk}&after={after}"):
            assert "No answer" in client.get(f"/untouched/{address}").content.decode()


def test_the_database_finds_what_the_cadence_says():
    """Against the rule in Python, of each row: reps with other hours, cadences, touches made, pauses."""
    chance = random.Random(7)
    reps = [make.user(Role.REP, team=make.team(Team.Kind.SALES)) for _ in range(3)]
    west = Calendar.objects.create(name="West", time_zone="America/New_York", windows={"1": [["10:00", "00:00"]]})
    night = Calendar.objects.create(name="Night", windows={str(day): [["00:00", "00:00"]] for day in range(7)})
    CalendarUse.objects.create(calendar=west, user=reps[0])
    CalendarUse.objects.create(calendar=night, team=reps[1].team)
    cadences = [(1, 1), (3, 5), (6, 10), (None, None)]
    draft = Agreement.objects.create(number=1000)
    policies = [
        draft.policies.create(position=position, touches=touches, touch_days=days)
        for position, (touches, days) in enumerate(cadences)
    ]
    for _ in range(60):
        rep, at = chance.choice(reps), TEN - timedelta(hours=chance.randrange(24 * 20))
        handoff = accepted(rep, at)
        Handoff.objects.filter(pk=handoff.pk).update(policy=chance.choice(policies))
        timer = handoff.timers.get(kind="first_touch")
        if chance.random() < 0.4:
            starts_at = at + timedelta(hours=chance.randrange(48))
            ends_at = starts_at + timedelta(hours=chance.randrange(1, 200))
            Pause.objects.create(timer=timer, starts_at=starts_at, ends_at=ends_at, reason="Away", by=rep)
        if chance.random() < 0.7:
            Timer.objects.filter(pk=timer.pk).update(
                stopped_at=at + timedelta(hours=1), kept_at=at + timedelta(hours=1)
            )
            for _ in range(chance.choice([1, 1, 2, 3])):
                Touch.objects.create(handoff=handoff, by=rep, at=at, kind="call", is_contact=chance.random() < 0.1)
    # Calendars are edited while clocks run by the hours of before; some clocks are of earlier versions.
    west.windows, night.windows = {"2": [["09:00", "10:00"]]}, {str(day): [["20:00", "00:00"]] for day in range(3)}
    west.save()
    night.save()
    some = Timer.objects.order_by("pk").values("pk")
    Timer.objects.filter(pk__in=some[:30]).update(started_with=None)
    hours = {rep.pk: Calendar.for_user(rep).hours(at=TEN) for rep in reps}
    items = work_items(being_worked(Handoff.objects.all()), hours, at=TEN)
    expected = {rep.pk: [item.handoff.pk for item in items if item.is_late and item.handoff.rep == rep] for rep in reps}
    assert all(expected.values())
    assert sum(map(len, expected.values())) < 50
    assert {rep.pk: keys_of(overdue_of(rep, at=TEN).groups[0]) for rep in reps} == expected
    found = {group.rep.pk: group for group in overdue_by_rep(at=TEN).groups}
    assert {pk: group.untouched_count for pk, group in found.items()} == {
        pk: len(keys) for pk, keys in expected.items()
    }
    assert {pk: keys_of(group) for pk, group in found.items()} == {pk: k[:ROWS_PER_REP] for pk, k in expected.items()}


def test_the_pages_load_only_what_they_show(sam: User):
    for _ in range(ROWS_PER_REP + 5):
        make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY)
        accepted(sam, TEN - 3 * DAY)
    (group,) = overdue_by_rep(at=TEN).groups
    assert len(group.unanswered) == len(group.untouched) == ROWS_PER_REP
    assert (group.unanswered_count, group.untouched_count, group.more) == (15, 15, 10)


def test_a_long_list_takes_the_queries_of_a_short_one():
    client = make.signed_in(make.user(Role.MANAGER))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/untouched/").status_code == 200
        return len(captured)

    def fill(reps: int) -> None:
        for number in range(reps):
            rep = make.user(Role.REP, given_name=f"Rep {number}")
            make.handoff(to=rep, at=MONDAY_9AM - 3 * DAY)
            accepted(rep, TEN - 3 * DAY)

    fill(1)
    queries()
    few = queries()
    fill(5)
    assert queries() == few
