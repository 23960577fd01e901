"""Don't be on this list: who is late with what."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sla.escalation.sweeping import sweep_timers
from sla.handoffs.worklist import overdue_by_rep
from sla.models import Handoff, Timer
from teams.models import Role, User
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
    return {
        str(group.rep): [each.pk for each in group.unanswered] + [work.handoff.pk for work in group.untouched]
        for group in overdue_by_rep(at=TEN)
    }


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
