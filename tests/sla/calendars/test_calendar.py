from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from sla.calendars.forms import parse_windows
from sla.calendars.year import absences_under, build_year
from sla.models import Calendar, Timer
from teams.models import Role, Team, User
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

DAYS = {f"day_{weekday}": "9:00-12:00, 13:00-18:00" for weekday in range(5)}


@pytest.fixture
def page() -> Client:
    return make.signed_in(make.user(Role.ADMINISTRATOR))


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
    assert parse_windows(typed) == windows


@pytest.mark.parametrize("typed", ["nine to five", "9:00", "25:00-26:00", "9:75-12:00"])
def test_what_is_no_time_is_named(typed: str):
    with pytest.raises(ValidationError, match=typed):
        parse_windows(typed)


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
    assert page.post("/settings/calendar/days/", {"day": "2026-12-29", "calendar": "1" * 5000}).status_code == 422
    day = Calendar.default().days.get()
    assert date(2026, 12, 29) in Calendar.default().hours(at=MONDAY_9AM).holidays
    page.post(f"/settings/calendar/days/{day.pk}/delete/")
    assert not Calendar.default().days.exists()


NEW = {"name": "Osaka", **DAYS, "day_5": "10:00-12:00"}


def test_several_days_are_closed_in_one_step_and_opened_again_in_one(page: Client):
    page.post("/settings/calendar/days/", {"day": "2026-12-30", "name": "Year end"})
    days = {"day": "2026-12-29", "last_day": "2027-01-03", "name": "Year end"}
    assert "5 days are closed." in page.post("/settings/calendar/days/", days, follow=True).content.decode()
    closed = [date(2026, 12, 29) + timedelta(days=n) for n in range(6)]
    assert list(Calendar.default().days.values_list("day", flat=True)) == closed
    page.post("/settings/calendar/days/", {"day": "2027-01-05", "name": "Year end"})
    third = Calendar.default().days.all()[2]
    page.post(f"/settings/calendar/days/{third.pk}/delete/")
    assert [each.day for each in Calendar.default().days.all()] == [date(2027, 1, 5)]


@pytest.mark.parametrize(
    ("last", "said"), [("2026-12-28", "not before the first"), ("2027-12-29", "Three months at most"), ("x", "date")]
)
def test_a_closing_that_makes_no_sense_is_refused_at_its_field(page: Client, last: str, said: str):
    answer = page.post("/settings/calendar/days/", {"day": "2026-12-29", "last_day": last, "name": "Year end"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Year end" in answer.content.decode()
    assert not Calendar.default().days.exists()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_of_another_age_is_refused(page: Client, day: str):
    assert page.post("/settings/calendar/days/", {"day": day}).status_code == 422


def test_a_team_and_a_person_work_by_a_calendar_of_their_own(page: Client):
    team = make.team(Team.Kind.SALES)
    member, other = make.user(Role.REP, team=team), make.user(Role.REP)
    page.post("/settings/calendar/new/", NEW | {"teams": [team.pk], "people": [other.pk]})
    osaka = Calendar.objects.get(name="Osaka")
    assert (Calendar.for_user(member), Calendar.for_user(other)) == (osaka, osaka)
    assert Calendar.for_user(make.user(Role.REP)).is_default
    # The person moves to another; a person's own comes before the team's.
    page.post("/settings/calendar/new/", NEW | {"name": "Nagoya", "people": [other.pk, member.pk]})
    assert {Calendar.for_user(member).name, Calendar.for_user(other).name} == {"Nagoya"}
    assert [use.team for use in osaka.uses.all()] == [team]
    page.post(f"/settings/calendar/{osaka.pk}/", NEW | {"teams": []})
    assert not osaka.uses.exists()


def test_an_own_calendar_counts_and_keeps_its_own_running_clocks(page: Client):
    sam = make.user(Role.REP)
    osaka = Calendar.objects.create(name="Osaka", windows={"0": [["09:00", "12:00"]]})
    osaka.uses.create(user=sam)
    due = make.handoff(to=sam, at=MONDAY_9AM).timers.get().due_at
    answer = page.post(f"/settings/calendar/{osaka.pk}/", NEW | {"people": [sam.pk]}, follow=True)
    assert "1 running clock keeps the deadline it was given." in answer.content.decode()
    answer = page.post("/settings/calendar/", {"name": "Company", **DAYS}, follow=True)
    assert "keeps the deadline" not in answer.content.decode()
    page.post(f"/settings/calendar/{osaka.pk}/delete/")
    assert not Calendar.objects.filter(pk=osaka.pk).exists()
    assert Timer.objects.get().due_at == due
    assert Calendar.for_user(sam).is_default


def test_the_companys_calendar_is_never_deleted(page: Client):
    assert page.post(f"/settings/calendar/{Calendar.default().pk}/delete/").status_code == 404
    assert page.get(f"/settings/calendar/{Calendar.default().pk}/").status_code == 302


def test_two_calendars_of_one_name_are_refused_and_what_was_typed_stays(page: Client):
    page.post("/settings/calendar/new/", NEW)
    answer = page.post("/settings/calendar/new/", NEW | {"day_6": "1:00-2:00"})
    assert answer.status_code == 422
    assert "1:00-2:00" in answer.content.decode()


def test_the_year_shows_every_day_once_with_why_it_is_closed_and_who_is_away():
    company = Calendar.default()
    company.days.create(day=date(2026, 12, 29), name="Year end")
    sam = make.user(Role.REP)
    sam.absences.create(from_on=date(2026, 11, 30), until_on=date(2026, 12, 2))
    year = build_year(company, date(2026, 11, 20))
    days = {day.day: day for month in year.months for week in month.weeks for day in week if day}
    assert sorted(days) == [date(2026, 11, 1) + timedelta(days=n) for n in range(395)]
    assert days[date(2026, 11, 23)].kind == "holiday"
    assert days[date(2026, 12, 29)].kind == "own"
    assert days[date(2026, 11, 28)].kind == "weekly"
    assert [days[date(2026, 12, n)].away for n in range(1, 5)] == [1, 1, 0, 0]
    assert [len(month.absences) for month in year.months[:3]] == [1, 1, 0]
    assert min(closing.first for closing in year.closings) == date(2026, 11, 23)
    assert build_year(company, date(2026, 11, 1)).months[-1].first == date(2027, 10, 1)
    november = [day for day in days.values() if day.day < date(2026, 12, 1) and day.kind == "open"]
    assert year.months[0].open_days == len(november) == 19
    assert all(day.day.weekday() == column for m in year.months for w in m.weeks for column, day in enumerate(w) if day)


def test_a_half_day_is_closed_for_its_clocks_and_shown_with_its_times(page: Client):
    """24 December 2026 is a Thursday: an offer at eleven is due in four opening hours, two of them on that day."""
    company = Calendar.default()
    half = {"day": "2026-12-24", "closed_from": "14:00", "name": "Christmas Eve"}
    answer = page.post("/settings/calendar/days/", half, follow=True).content.decode()
    assert "14:00–24:00" in answer
    start, due = datetime(2026, 12, 24, 2, tzinfo=UTC), datetime(2026, 12, 25, 2, tzinfo=UTC)
    assert company.hours(at=start).deadline(start, timedelta(hours=4)) == due
    sam = make.user(Role.REP)
    assert Calendar.hours_for(sam, at=start) == company.hours(at=start)
    day = next(day for m in build_year(company, date(2026, 12, 1)).months for w in m.weeks for day in w
               if day and day.day == date(2026, 12, 24))  # fmt: skip
    assert (day.kind, day.name) == ("part", "Christmas Eve")


@pytest.mark.parametrize(
    ("begins", "ends", "stored"),
    [
        ("", "", (None, None)),
        ("13:00", "", (time(13), time(0))),
        ("", "12:00", (time(0), time(12))),
        ("12:00", "15:00", (time(12), time(15))),
        ("13:00", "00:00", (time(13), time(0))),
        ("00:00", "00:00", (None, None)),
        ("13:00", "12:00", None),
        ("13:00", "13:00", None),
        ("lunch", "", None),
    ],
)
def test_one_empty_time_is_the_start_or_the_end_of_the_day(
    page: Client, begins: str, ends: str, stored: tuple[time | None, time | None] | None
):
    half = {"day": "2026-12-24", "closed_from": begins, "closed_until": ends}
    assert page.post("/settings/calendar/days/", half).status_code == (302 if stored else 422)
    days = Calendar.default().days.values_list("closed_from", "closed_until")
    assert list(days) == ([stored] if stored else [])


def test_half_days_of_the_same_times_are_opened_again_together(page: Client):
    for day, begins in (("2026-12-28", "13:00"), ("2026-12-29", "13:00"), ("2026-12-30", "")):
        page.post("/settings/calendar/days/", {"day": day, "closed_from": begins, "name": "Year end"})
    first = Calendar.default().days.first()
    assert first is not None
    page.post(f"/settings/calendar/days/{first.pk}/delete/")
    assert [each.day for each in Calendar.default().days.all()] == [date(2026, 12, 30)]


def test_who_has_another_calendar_is_away_there_and_not_here():
    team = make.team(Team.Kind.SALES)
    sam = make.user(Role.REP, team=team)
    sam.absences.create(from_on=date(2026, 11, 30), until_on=date(2026, 12, 2))
    osaka = Calendar.objects.create(name="Osaka", windows={"0": [["09:00", "12:00"]]})
    assert absences_under(Calendar.default()).count() == 1
    osaka.uses.create(team=team)
    assert absences_under(Calendar.default()).count() == 0
    assert absences_under(osaka).count() == 1
    nagoya = Calendar.objects.create(name="Nagoya", windows={"0": [["09:00", "12:00"]]})
    nagoya.uses.create(user=sam)
    assert [absences_under(each).count() for each in (Calendar.default(), osaka, nagoya)] == [0, 0, 1]


@pytest.mark.parametrize("many", [1, 10])
def test_the_page_costs_the_same_for_one_calendar_and_for_many(page: Client, many: int, django_assert_max_num_queries):
    for n in range(many):
        made = Calendar.objects.create(name=f"Calendar {n}", windows={"0": [["09:00", "12:00"]]})
        made.uses.create(user=make.user(Role.REP))
        made.days.create(day=date(2026, 12, 29))
        User.objects.get(calendar_use__calendar=made).absences.create(
            from_on=date(2026, 12, 1), until_on=date(2026, 12, 2)
        )
    with django_assert_max_num_queries(16):
        assert page.get("/settings/calendar/").status_code == 200
