"""Goals: set by a manager, seen by all, and how they stand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from dashboards.goals.models import Goal
from dashboards.weekly.page import WeeklyPage
from dashboards.weekly.reports import compute_report
from funnel.models import Opportunity
from metrics.pace import Pace
from metrics.period import Period
from teams.models import Role
from tests import make

QUARTER = {"starts_on": "2026-10-01", "last_day": "2026-12-31"}
FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)


def pace(value: int, passed: int, target: int = 48, open_days: int = 60) -> Pace:
    return Pace(Decimal(target), Decimal(value), open_days, passed)


@pytest.mark.parametrize(
    ("value", "passed", "tone"),
    [(24, 30, "kept"), (23, 30, "risk"), (20, 30, "risk"), (19, 30, "breached"), (0, 0, "neutral"), (3, 0, "neutral")],
)
def test_on_pace_from_one_at_risk_from_four_fifths_else_behind(value, passed, tone):
    assert pace(value, passed).tone == tone


def test_the_pace_is_the_share_of_open_days_and_the_projection_goes_on_at_it():
    assert pace(20, 30).due == 24
    assert pace(20, 30).ahead == -4
    assert pace(20, 30).projection == 40
    assert pace(20, 0).projection is None
    assert pace(0, 0, open_days=0).due is None


@pytest.mark.django_db
def test_a_manager_sets_changes_and_deletes_a_goal(gina):
    assert gina.post("/goals/new/", QUARTER | {"measure": "contracts", "target": "48"}).status_code == 302
    goal = Goal.objects.get()
    assert (goal.starts_on, goal.ends_on, goal.target) == (date(2026, 10, 1), date(2027, 1, 1), 48)
    gina.post(f"/goals/{goal.pk}/", QUARTER | {"measure": "contracts", "target": "50"})
    assert Goal.objects.get().target == 50
    gina.post(f"/goals/{goal.pk}/delete/")
    assert not Goal.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"target": "0"}, "target"),
        ({"target": "-3"}, "target"),
        ({"target": "many"}, "target"),
        ({"target": "2.5"}, "target"),
        ({"target": "9" * 30}, "target"),
        ({"last_day": "2026-09-30"}, "last_day"),
        ({"last_day": "2036-09-30"}, "last_day"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"measure": "love"}, "measure"),
    ],
)
def test_an_invalid_value_is_reported_at_its_field_and_kept(gina, wrong, field):
    typed = QUARTER | {"measure": "contracts", "target": "48"} | wrong
    answer = gina.post("/goals/new/", typed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    if field != "measure":
        assert f'value="{typed[field]}"' in answer.content.decode()
    assert not Goal.objects.exists()


@pytest.mark.django_db
def test_the_same_goal_is_not_set_twice(gina):
    typed = QUARTER | {"measure": "contracts", "target": "48"}
    gina.post("/goals/new/", typed)
    answer = gina.post("/goals/new/", typed)
    assert answer.status_code == 422
    assert "already" in answer.content.decode()


@pytest.mark.django_db
def test_a_rep_sees_goals_and_sets_none(client):
    client.force_login(make.user(Role.REP, language="en"))
    page = client.get("/goals/")
    assert page.status_code == 200
    assert "/goals/new/" not in page.content.decode()
    assert client.get("/goals/new/").status_code == 403
    assert client.post("/goals/new/", QUARTER | {"measure": "contracts", "target": "48"}).status_code == 403


@pytest.mark.django_db
def test_the_list_and_the_weekly_page_show_the_same_goal(gina):
    Goal.objects.create(measure="contracts", starts_on=date(2026, 10, 1), ends_on=date(2027, 1, 1), target=48)
    Goal.objects.create(measure="revenue", starts_on=date(2026, 10, 1), ends_on=date(2027, 1, 1), target=9_000_000)
    for nth in range(5):
        deal = Opportunity.open(make.lead(), amount=Decimal(1_000_000), opened_at=FRIDAY - timedelta(days=20))
        deal.win(at=FRIDAY - timedelta(days=nth * 9 % 19))
    with time_machine.travel(FRIDAY, tick=False):
        lines = gina.get("/goals/").context["now"]
        week = Period.week_of(FRIDAY)
        weekly = WeeklyPage(compute_report(week, FRIDAY), week).goals
        page = gina.get("/weekly/").content.decode()
    assert [line.pace for line in lines] == [goal.pace for goal in weekly]
    assert [goal.pace.value for goal in weekly] == [5, 5_000_000]
    assert "of 48" in page


@pytest.mark.django_db
def test_a_goal_may_be_of_new_business_alone(gina):
    made = gina.post("/goals/new/", QUARTER | {"measure": "contracts", "kind": "new", "target": "10"})
    assert made.status_code == 302
    Goal.objects.create(measure="contracts", starts_on=date(2026, 10, 1), ends_on=date(2027, 1, 1), target=20)
    for kind in Opportunity.Kind:
        deal = Opportunity.open(make.lead(), kind=kind, opened_at=FRIDAY - timedelta(days=20))
        deal.win(at=FRIDAY - timedelta(days=1))
    with time_machine.travel(FRIDAY, tick=False):
        lines = gina.get("/goals/").context["now"]
        weekly = WeeklyPage(compute_report(Period.week_of(FRIDAY), FRIDAY), Period.week_of(FRIDAY)).goals
        for shown in (lines, weekly):
            assert {each.label: (each.pace.value, each.pace.target) for each in shown} == {
                "Contracts": (3, 20), "Contracts (New business)": (1, 10),
            }  # fmt: skip
        urls = [each.url for each in lines] + [url for each in weekly for url in (each.value.url, each.week_url)]
        assert sorted(len(gina.get(url).context["page"].rows) for url in urls) == [1, 1, 1, 3, 3, 3]


@pytest.mark.django_db
def test_a_past_week_shows_the_goal_as_it_stood_at_its_close():
    Goal.objects.create(measure="contracts", starts_on=date(2026, 10, 1), ends_on=date(2027, 1, 1), target=48)
    for days in (0, 14):
        deal = Opportunity.open(make.lead(), opened_at=FRIDAY - timedelta(days=40))
        deal.win(at=FRIDAY - timedelta(days=days))
    past = Period.week_of(FRIDAY - timedelta(days=14))
    (goal,) = WeeklyPage(compute_report(past, FRIDAY), past).goals
    assert goal.pace.value == 1
    this = Period.week_of(FRIDAY)
    (now,) = WeeklyPage(compute_report(this, FRIDAY), this).goals
    assert (now.pace.value, now.this_week) == (2, 1)
    assert goal.pace.passed < now.pace.passed
