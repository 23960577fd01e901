"""The forms that ask a metric, and the funnel, a question."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import translation

from dashboards.numbers.forms import NumberForm, initial_question, recent_quarter
from dashboards.numbers.funnel_forms import FunnelForm
from metrics.registry import metric, metrics
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

DAYS = {"start": "2026-11-01", "last": "2026-11-30"}
PAIR = {"from_role": "mql", "to_role": "sal"}


def form(name: str, **data: Any) -> NumberForm:
    return NumberForm(metric(name), {**DAYS, **data})


# The days that a page starts with


@pytest.mark.parametrize(
    ("at", "first", "last"),
    [
        (datetime(2026, 11, 16, tzinfo=UTC), date(2026, 9, 1), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 14, 59, tzinfo=UTC), date(2026, 9, 1), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 15, 0, tzinfo=UTC), date(2026, 10, 1), date(2026, 12, 31)),
        (datetime(2027, 1, 5, tzinfo=UTC), date(2026, 11, 1), date(2027, 1, 31)),
        (datetime(2028, 2, 10, tzinfo=UTC), date(2027, 12, 1), date(2028, 2, 29)),
    ],
    ids=["mid-month", "the last minute of November in Tokyo", "December in Tokyo", "over a year's end", "a leap year"],
)
def test_a_page_starts_with_this_month_and_the_two_before_it(at, first, last):
    begin = initial_question(metric("entered"), at)
    assert (begin["start"], begin["last"]) == (first, last)
    assert recent_quarter(at).start == first


@pytest.mark.parametrize("name", [one.name for one in metrics()])
def test_the_question_that_a_page_starts_with_is_one_that_the_metric_takes(name):
    asked = NumberForm(metric(name), initial_question(metric(name), MONDAY_9AM))
    assert asked.is_valid(), asked.errors
    metric(name).accept(asked.question(MONDAY_9AM, None))


# Its fields


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("contracts", {"start", "last", "by"}),
        ("entered", {"start", "last", "to_role", "by"}),
        ("conversion", {"start", "last", "view", "from_role", "to_role", "window", "by"}),
    ],
    ids=["no stage", "one stage", "two stages, views, and a window"],
)
def test_a_metric_is_asked_only_for_what_it_takes(name, fields):
    assert form(name).fields.keys() == fields


def test_the_only_stage_is_not_called_the_one_to_count_to():
    assert str(form("entered").fields["to_role"].label) == "Stage"
    assert str(form("conversion").fields["to_role"].label) == "To stage"


def test_not_to_cut_is_the_first_choice_and_the_empty_one():
    choices = list(form("contracts").fields["by"].choices)
    assert (choices[0][0], str(choices[0][1])) == ("", "not at all")
    assert {name for name, _label in choices[1:]} == set(metric("contracts").dimensions)


def test_stages_are_named_in_the_language_of_the_page_and_in_the_order_of_the_funnel():
    roles = [role for role, _label in form("entered").fields["to_role"].choices]
    assert roles == ["lead", "mql", "sal", "sql", "opportunity", "customer"]
    with translation.override("ja"):
        assert dict(form("entered").fields["to_role"].choices)["lead"] == "リード"


# What is typed


def test_the_last_day_is_in_the_period():
    asked = form("contracts", last="2026-11-30")
    assert asked.is_valid()
    assert asked.question(MONDAY_9AM, None).period.end == date(2026, 12, 1)


def test_one_day_is_a_period():
    asked = form("contracts", start="2026-11-30")
    assert asked.is_valid()
    assert asked.question(MONDAY_9AM, None).period.days == 1


@pytest.mark.parametrize(
    ("typed", "field", "text"),
    [
        ({"last": "2026-10-31"}, "last", "The last day is not before the first."),
        ({"start": "2016-01-01", "last": "2026-11-30"}, "last", "Ask for ten years at most."),
        ({"start": ""}, "start", "This field is required."),
        ({"start": "soon"}, "start", "Enter a valid date."),
        ({"by": "shoe size"}, "by", "Select a valid choice. shoe size is not one of the available choices."),
    ],
)
def test_what_does_not_hold_is_an_error_at_its_field(typed, field, text):
    with translation.override("en"):
        assert form("contracts", **typed).errors == {field: [text]}


def test_ten_years_can_be_asked_for_and_a_day_more_cannot():
    assert form("contracts", start="2016-10-13", last="2026-11-30").is_valid()
    assert not form("contracts", start="2016-10-12", last="2026-11-30").is_valid()


@pytest.mark.parametrize(("window", "valid"), [("1", True), ("36500", True), ("0", False), ("36501", False)])
def test_a_window_is_from_one_day_to_a_hundred_years(window, valid):
    assert form("conversion", view="cohort", window=window, **PAIR).is_valid() == valid


@pytest.mark.parametrize(("view", "window"), [("cohort", 30), ("period", None), ("stock", None)])
def test_a_window_is_asked_for_in_the_cohort_view_only(view, window):
    """It stays in the form, so that it is there again when the view changes back; the metric would refuse it."""
    asked = form("conversion", view=view, window="30", **PAIR)
    assert asked.is_valid()
    assert asked.question(MONDAY_9AM, None).window_days == window


def test_a_question_is_asked_as_of_the_moment_of_the_page():
    asked = form("contracts")
    assert asked.is_valid()
    assert asked.question(MONDAY_9AM, None).at == MONDAY_9AM


# The funnel's


def funnel_form(**data: Any) -> FunnelForm:
    return FunnelForm({**DAYS, "view": "period", **data})


@pytest.mark.parametrize(("window", "days"), [("", None), ("90", 90)])
def test_the_funnels_window_is_a_number_of_days_or_ever(window, days):
    asked = funnel_form(window=window)
    assert asked.is_valid()
    assert asked.cleaned_data["window"] == days


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"last": "2026-10-31"}, "last"),
        ({"start": "2016-01-01"}, "last"),
        ({"view": "sideways"}, "view"),
        ({"view": ""}, "view"),
        ({"window": "31"}, "window"),
        ({"by": "rep"}, "by"),
        ({"start": ""}, "start"),
    ],
)
def test_the_funnel_refuses_what_it_does_not_offer(typed, field):
    assert list(funnel_form(**typed).errors) == [field]


def test_the_funnels_choices_are_in_the_language_of_the_page():
    with translation.override("ja"):
        choices = dict(funnel_form().fields["window"].choices)
    assert choices[30] == "30日"
