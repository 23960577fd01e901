"""What may be typed as a goal."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from dashboards.goals.forms import GoalForm, initial_goal
from dashboards.goals.models import Goal
from teams.models import Role
from tests import make

pytestmark = pytest.mark.django_db
QUARTER = {"starts_on": "2026-10-01", "last_day": "2026-12-31"}


def form(goal: Goal | None = None, **typed: str) -> GoalForm:
    return GoalForm(QUARTER | {"measure": "contracts", "target": "48"} | typed, instance=goal)


def made(**typed: str) -> Goal:
    filled = form(None, **typed)
    assert filled.is_valid(), filled.errors
    return filled.set(by=make.user(Role.MANAGER), at=make.TEN)


def test_a_goal_ends_with_the_day_after_its_last():
    goal = made()
    assert (goal.starts_on, goal.ends_on, goal.set_at) == (date(2026, 10, 1), date(2027, 1, 1), make.TEN)


def test_a_goal_may_be_of_one_day():
    assert made(last_day="2026-10-01").ends_on == date(2026, 10, 2)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"last_day": "2026-09-30"}, "last_day"),
        ({"last_day": "2029-10-02"}, "last_day"),
        ({"target": "0"}, "target"),
        ({"target": "-0.01"}, "target"),
        ({"target": "47.5"}, "target"),
        ({"target": "NaN"}, "target"),
        ({"measure": "leads"}, "measure"),
        ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"last_day": ""}, "last_day"),
    ],
)
def test_what_is_no_goal_is_refused_at_its_field(typed: dict[str, str], field: str):
    assert list(form(None, **typed).errors) == [field]


def test_a_goal_lasts_three_years_at_most():
    assert form(last_day="2029-10-01").is_valid()


@pytest.mark.parametrize("target", ["４８", "48.00", "48"])
def test_whole_contracts_are_written_in_any_way(target: str):
    assert made(target=target).target == 48


def test_revenue_may_have_a_fraction():
    assert made(measure="revenue", target="47.5").target == Decimal("47.5")


def test_another_measure_or_other_days_are_another_goal():
    made()
    assert form(measure="revenue").is_valid()
    assert form(kind="new").is_valid()
    assert form(last_day="2026-12-30").is_valid()
    assert not form().is_valid()


def test_a_goal_may_be_saved_again_as_it_is():
    goal = made()
    assert form(goal, target="50").is_valid()


@pytest.mark.parametrize(("target", "shown"), [("50", "50"), ("48", "48"), ("100000000", "100000000")])
def test_the_page_shows_the_last_day_and_the_target_in_plain_digits(target: str, shown: str):
    goal = made(target=target)
    goal.refresh_from_db()
    page = GoalForm(instance=goal)
    assert page.initial["last_day"] == date(2026, 12, 31)
    assert f'value="{shown}"' in str(page["target"])


def test_a_fraction_of_revenue_is_shown_as_it_was_typed():
    goal = made(measure="revenue", target="47.50")
    goal.refresh_from_db()
    assert 'value="47.5"' in str(GoalForm(instance=goal)["target"])


def test_a_new_goal_begins_as_the_contracts_of_this_quarter_then_the_revenue():
    at = datetime(2026, 12, 31, 15, tzinfo=UTC)
    days = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 4, 1)}
    assert initial_goal(at) == {"measure": "contracts", **days}
    Goal.objects.create(measure="contracts", target=1, **days)
    assert initial_goal(at) == {"measure": "revenue", **days}


def test_the_database_keeps_goals_apart_too():
    goal = made()
    days = {"starts_on": goal.starts_on, "ends_on": goal.ends_on}
    with pytest.raises(IntegrityError, match="one_goal_per_measure_kind_and_period"), transaction.atomic():
        Goal.objects.create(measure="contracts", target=1, **days)
    with pytest.raises(IntegrityError, match="a_goal_ends_after_it_starts"), transaction.atomic():
        Goal.objects.create(measure="contracts", target=1, starts_on=goal.ends_on, ends_on=goal.ends_on)
