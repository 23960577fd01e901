"""How a goal stands: what is said of its value, its pace, its end."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from dashboards.goals.lines import GoalLine, Standing, goal_lines
from dashboards.goals.models import Goal
from metrics.pace import Pace
from metrics.period import Period
from sla.models import Calendar
from tests import make

TOKYO = ZoneInfo("Asia/Tokyo")
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1), TOKYO)


def standing(
    value: str | int,
    passed: int,
    target: int = 48,
    open_days: int = 60,
    measure: str = "contracts",
    currency: str = "JPY",
) -> Standing:
    return Standing(measure, QUARTER, Pace(Decimal(target), Decimal(value), open_days, passed), currency)


@pytest.mark.parametrize(
    ("value", "passed", "said"),
    [
        (24, 30, "on pace (24)"),
        (26, 30, "2 ahead of pace (24)"),
        (20, 30, "4 behind pace (24)"),
        (20, 31, "4.8 behind pace (24.8)"),
        (3, 0, "no open day has passed yet"),
    ],
)
def test_a_value_is_ahead_of_its_pace_or_behind(value: int, passed: int, said: str):
    assert standing(value, passed).against_pace == said


def test_a_difference_that_rounds_to_nothing_is_on_pace():
    assert standing("24.04", 30).against_pace == "on pace (24)"
    assert standing("23.94", 30).against_pace == "0.1 behind pace (24)"


def test_a_goal_without_open_days_has_no_pace():
    nothing = standing(3, 0, open_days=0)
    assert (nothing.against_pace, nothing.projected) == ("no open day has passed yet", "")


@pytest.mark.parametrize(
    ("value", "passed", "tone", "state"),
    [
        (24, 30, "kept", "On track"),
        (23, 30, "risk", "At risk"),
        (10, 30, "breached", "Behind"),
        (0, 0, "neutral", "No data yet"),
        (48, 60, "kept", "Reached"),
        (47, 60, "breached", "Not reached"),
        (48, 61, "kept", "Reached"),
    ],
)
def test_a_goal_is_on_track_until_it_is_over_and_then_reached_or_not(value: int, passed: int, tone: str, state: str):
    assert (standing(value, passed).tone, standing(value, passed).state) == (tone, state)


def test_the_end_is_told_while_the_goal_runs():
    assert standing(20, 30).projected == "at this pace 40 in the end"
    assert standing(20, 29).projected == "at this pace 41 in the end"
    assert standing(20, 0).projected == ""
    assert standing(20, 60).projected == ""


def test_money_is_written_in_the_company_s_currency():
    revenue = standing(148_600_000, 30, 200_000_000, measure="revenue")
    assert (revenue.is_money, revenue.value_text) == (True, "¥148.6M")
    with translation.override("ja"):
        assert revenue.value_text == "1億4,860万円"
        assert revenue.target_text == "2億円"
    assert "€" in standing(1000, 30, measure="revenue", currency="EUR").value_text


def test_half_a_contract_is_written_as_such():
    assert standing("12.5", 30).value_text == "12.5"
    assert standing("12.0", 30).value_text == "12"
    assert standing(0, 0).format_value(None) == "–"


def test_the_bar_is_as_long_as_the_larger_of_value_and_target():
    assert (standing(20, 30).scale, standing(60, 30).scale) == (48, 60)
    assert standing(0, 0, target=0).scale == 1


@pytest.mark.parametrize("value", [24, 26, 20, 48])
def test_a_japanese_reader_reads_no_english(value: int):
    with translation.override("ja"):
        goal = standing(value, 30)
        for words in (goal.against_pace, goal.state, goal.projected, goal.label):
            assert not words.isascii()


# From the database


def line(at: datetime, **fields: Any) -> GoalLine:
    days = {"starts_on": date(2026, 11, 2), "ends_on": date(2026, 11, 16)}
    goal = Goal(measure="contracts", target=Decimal(10), **(days | fields))
    return goal_lines([goal], Calendar.default().hours(at=at), "JPY", TOKYO, at)[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "passed"),
    # Two weeks from Monday, of which Tuesday the 3rd is a holiday in Japan.
    [(date(2026, 11, 1), 0), (date(2026, 11, 2), 0), (date(2026, 11, 3), 1), (date(2026, 11, 4), 1)]
    + [(date(2026, 11, 9), 4), (date(2026, 11, 15), 9), (date(2026, 11, 16), 9), (date(2026, 12, 24), 9)],
)
def test_open_days_before_today_have_passed(day: date, passed: int):
    at = datetime(day.year, day.month, day.day, 12, tzinfo=TOKYO)
    assert (line(at).pace.passed, line(at).pace.open_days) == (passed, 9)


@pytest.mark.django_db
def test_today_is_the_company_s():
    midnight = datetime(2026, 11, 9, 15, tzinfo=UTC)
    assert line(midnight).pace.passed == line(midnight - timedelta(microseconds=1)).pace.passed + 1


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tokyo")
def test_a_goal_counts_what_was_won_in_its_days():
    first = datetime(2026, 11, 2, tzinfo=TOKYO)
    for won_at in (first - timedelta(microseconds=1), first, datetime(2026, 11, 16, tzinfo=TOKYO)):
        make.opportunity(opened_at=first - timedelta(days=30), won_at=won_at)
    goal = line(datetime(2026, 12, 1, tzinfo=TOKYO))
    assert goal.pace.value == 1
    assert goal.url.startswith("/behind/contracts/")
    assert "was=1" in goal.url
