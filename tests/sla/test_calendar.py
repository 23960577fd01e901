from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from sla.calendar_forms import read_windows
from sla.models import Calendar, Timer
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

DAYS = {f"day_{weekday}": "9:00-12:00, 13:00-18:00" for weekday in range(5)}


@pytest.fixture
def page() -> Client:
    client = Client()
    client.force_login(make.user(Role.ADMINISTRATOR))
    return client


def test_a_new_database_has_the_companys_calendar():
    hours = Calendar.default().hours(at=MONDAY_9AM)
    assert hours.windows[0] == [(time(9), time(12)), (time(13), time(18))]
    assert set(hours.windows) == set(range(5))
    # Labour Thanksgiving Day, and its clock stands still.
    assert date(2026, 11, 23) in hours.holidays
    friday_5pm = datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert hours.deadline(friday_5pm, timedelta(hours=2)) == datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "windows"),
    [
        ("9:00–12:00, 13:00–18:00", [["09:00", "12:00"], ["13:00", "18:00"]]),
        ("１３：００〜１８：００、9-12", [["09:00", "12:00"], ["13:00", "18:00"]]),
        ("0:00-24:00", [["00:00", "00:00"]]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, windows: list[list[str]]):
    assert read_windows(typed) == windows


@pytest.mark.parametrize("typed", ["nine to five", "9:00", "25:00-26:00", "9:75-12:00"])
def test_what_is_no_time_is_named(typed: str):
    with pytest.raises(ValidationError, match=typed):
        read_windows(typed)


def test_the_calendar_is_edited_and_moves_no_running_deadline(page: Client):
    due = make.handoff(at=MONDAY_9AM).timers.get().due_at
    days = DAYS | {"day_0": "10:00-11:00"}
    answer = page.post("/settings/calendar/", {"name": "Company", **days}, follow=True)
    assert "1 running clock keeps the deadline it was given." in answer.content.decode()
    assert Calendar.default().windows["0"] == [["10:00", "11:00"]]
    assert Timer.objects.get().due_at == due


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day_1": "9:00-12:00, 11:00-13:00"}, "overlap"),
        ({"day_1": "12:00-9:00"}, "ends before it begins"),
        ({f"day_{day}": "" for day in range(7)}, "at least one opening time"),
    ],
)
def test_what_no_clock_could_run_by_is_refused(page: Client, wrong: dict[str, str], said: str):
    answer = page.post("/settings/calendar/", {"name": "Company", **DAYS, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Calendar.default().windows["1"] == [["09:00", "12:00"], ["13:00", "18:00"]]


def test_a_day_is_closed_once_and_opened_again(page: Client):
    page.post("/settings/calendar/days/", {"day": "2026-12-29", "name": "Year end"})
    assert page.post("/settings/calendar/days/", {"day": "2026-12-29"}).status_code == 422
    day = Calendar.default().days.get()
    assert date(2026, 12, 29) in Calendar.default().hours(at=MONDAY_9AM).holidays
    page.post(f"/settings/calendar/days/{day.pk}/delete/")
    assert not Calendar.default().days.exists()
