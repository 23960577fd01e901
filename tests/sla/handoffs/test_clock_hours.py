"""A clock is shown by the hours with which it started, whatever became of the calendar since."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from sla.calendars.hours import MICROSECOND
from sla.handoffs.overdue import overdue_of
from sla.handoffs.worklist import Countdown, WorkItem
from sla.inbox.work import list_first_touches, list_team_work
from sla.models import Calendar, Handoff, Timer
from teams.models import User
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NIGHT = MONDAY_9AM + 13 * HOUR
POLICY = {"touch_within": 6 * HOUR, "touches": 3, "touch_days": 5}


@pytest.fixture(autouse=True)
def agreed() -> None:
    make.agreement(policy=POLICY)


@pytest.fixture
def inbox(sam: User) -> Client:
    return make.signed_in(sam)


def open_mornings_alone() -> None:
    """Somebody edits the company's calendar: this Monday is closed, and from now on it is open from nine to ten."""
    calendar = Calendar.default()
    calendar.windows = {day: [["09:00", "10:00"]] for day in "01234"}
    calendar.save()
    calendar.days.create(day=MONDAY_9AM.date())


def accepted(sam: User, at: datetime = MONDAY_9AM) -> Handoff:
    handoff = make.handoff(to=sam, at=at)
    handoff.accept(by=sam, at=at)
    return handoff


def work_of(sam: User, at: datetime = TEN) -> WorkItem:
    worklist = list_team_work(sam, Calendar.hours_for(sam, at=at), at=at)
    item: WorkItem
    (item,) = worklist.page.rows
    return item


def text_of(browser: Client, address: str, at: datetime = TEN) -> str:
    with time_machine.travel(at, tick=False):
        return unescape(browser.get(address).content.decode())


@pytest.mark.parametrize("address", ["/inbox/", "/", "/leads/{}/"])
def test_an_offer_shows_the_time_left_by_its_own_hours(inbox: Client, sam: User, address: str) -> None:
    handoff = make.handoff(to=sam, at=MONDAY_9AM)
    open_mornings_alone()
    page = text_of(inbox, address.format(handoff.lead_id))
    assert ">3 h left</time>" in page
    # It runs now, whatever the page says of the hours of today.
    assert "countdown__begins" not in page


@pytest.mark.parametrize("address", ["/inbox/working/", "/"])
def test_a_first_touch_shows_the_time_left_by_its_own_hours(inbox: Client, sam: User, address: str) -> None:
    accepted(sam)
    open_mornings_alone()
    assert ">5 h left</time>" in text_of(inbox, address)


def test_a_clock_with_other_hours_than_the_page_ticks_by_its_own(inbox: Client, sam: User) -> None:
    make.handoff(to=sam, at=MONDAY_9AM)
    assert text_of(inbox, "/inbox/").count("data-open-windows") == 1
    open_mornings_alone()
    assert text_of(inbox, "/inbox/").count("data-open-windows") > 1


def test_a_touch_is_due_by_the_hours_with_which_its_clock_started(sam: User) -> None:
    handoff = accepted(sam)
    handoff.touch("call", by=sam, at=TEN)
    before = work_of(sam).progress.due_on
    assert before == date(2026, 11, 19)  # The second of three in five open days: on the fourth.
    open_mornings_alone()
    assert work_of(sam).progress.due_on == before
    handoff.refresh_from_db()
    assert handoff.progress(at=TEN).due_on == before


def test_who_is_late_is_found_by_the_hours_with_which_the_clock_started(sam: User) -> None:
    handoff = accepted(sam)
    handoff.touch("call", by=sam, at=TEN)
    calendar = Calendar.default()
    calendar.days.create(day=date(2026, 11, 18))
    # By today's calendar the fourth open day is Friday, by its own Thursday.
    at = MONDAY_9AM + 4 * DAY
    assert [item.handoff for item in overdue_of(sam, at=at).groups[0].untouched] == [handoff]
    assert work_of(sam, at).is_late
    Timer.objects.update(started_with=None)
    assert overdue_of(sam, at=at).groups == []
    assert not work_of(sam, at).is_late


def test_a_clock_of_before_is_counted_by_the_calendar_of_today(sam: User) -> None:
    accepted(sam)
    Timer.objects.update(started_with=None)
    open_mornings_alone()
    item = work_of(sam)
    assert item.countdown is not None
    assert (item.countdown.seconds_left, item.countdown.own_windows) == (0, None)


# At night


def test_at_night_an_offer_says_how_much_is_left_and_from_when_it_runs(inbox: Client, sam: User) -> None:
    # Of four hours one was left of Monday; three are left of Tuesday, from nine to twelve.
    make.handoff(to=sam, at=MONDAY_9AM + 8 * HOUR)
    page = text_of(inbox, "/inbox/", NIGHT)
    assert "Due tomorrow" in page
    assert ">3 h left</time>" in page
    assert "begins tomorrow 9:00, due 12:00" in page
    assert "0 min left" not in page


def test_before_a_weekend_it_says_the_day(inbox: Client, sam: User) -> None:
    make.handoff(to=sam, at=MONDAY_9AM - 3 * DAY + 8 * HOUR)
    page = text_of(inbox, "/inbox/", MONDAY_9AM - 2 * DAY)
    assert "begins 16 Nov 9:00, due 12:00" in page


def test_less_than_a_minute_is_said(inbox: Client, sam: User) -> None:
    # Of four hours thirty seconds are left of Tuesday.
    make.handoff(to=sam, at=MONDAY_9AM + 4 * HOUR + HOUR + timedelta(seconds=30))
    page = text_of(inbox, "/inbox/", NIGHT)
    assert ">under 1 min left</time>" in page
    assert "begins tomorrow 9:00, due 9:00" in page


@pytest.mark.parametrize("address", ["/inbox/", "/", "/leads/{}/"])
def test_where_no_open_time_is_left_before_it_is_due_it_says_when(inbox: Client, sam: User, address: str) -> None:
    handoff = make.handoff(to=sam, at=MONDAY_9AM + 8 * HOUR)
    Timer.objects.update(started_with=None)
    calendar = Calendar.default()
    calendar.days.create(day=date(2026, 11, 17))
    page = text_of(inbox, address.format(handoff.lead_id), NIGHT)
    assert ">Due tomorrow 12:00</time>" in page
    assert "min left" not in page


def test_a_pause_holds_a_clock_until_it_ends(sam: User) -> None:
    timer = accepted(sam).timers.get(kind="first_touch")
    timer.pause(until=TEN + 2 * DAY, reason="Away", by=sam, at=TEN)
    (item,) = list_first_touches(sam, Calendar.hours_for(sam, at=TEN), at=TEN, size=2).fetch()
    assert item.countdown is not None
    assert (item.countdown.seconds_left, item.countdown.begins_at) == (5 * 3600, TEN + 2 * DAY)


def test_what_runs_or_is_over_begins_at_no_moment(sam: User) -> None:
    hours = Calendar.hours_for(sam, at=TEN)
    for at, due_at in ((TEN, TEN + HOUR), (NIGHT, TEN), (TEN, TEN), (TEN, TEN - MICROSECOND)):
        assert Countdown.until(due_at, HOUR, hours, at=at, page_hours=hours).begins_at is None
