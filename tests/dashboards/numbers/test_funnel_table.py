"""The funnel as a table: its steps, its lines and their order, and the page around it."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.utils import translation

from dashboards.numbers.funnel_table import EXPLANATIONS, STEPS, asked_lines, funnel_context
from funnel.models import Stage, StageRole, Transition
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question, View
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

FRIDAY = MONDAY_9AM + timedelta(days=4)
NOVEMBER = {"start": "2026-11-01", "last": "2026-11-30"}


@pytest.fixture(autouse=True)
def _on_friday() -> Any:
    with time_machine.travel(FRIDAY, tick=False):
        yield


def november(view: View = View.PERIOD, **parts: Any) -> Question:
    return Question(Period.month_of(MONDAY_9AM), view=view.value, at=FRIDAY, **parts)


def walk(*roles: StageRole | str, start: Any = MONDAY_9AM, **fields: Any) -> Lead:
    """A lead that entered these stages, one hour after the other."""
    lead = make.lead(StageRole.LEAD, created_at=start, **fields)
    for hours, role in enumerate(roles, 1):
        lead.journey.move_to(Stage.objects.role(role), because="x", at=start + timedelta(hours=hours))
    return lead


def counts(question: Question) -> dict[str, int]:
    return {each["stage"].role: each["n"] for each in funnel_context(question, "")["stages"]}


# The whole


def test_each_step_leads_from_one_stage_to_the_next():
    assert STEPS == [
        ("lead", "mql"),
        ("mql", "sal"),
        ("sal", "sql"),
        ("sql", "opportunity"),
        ("opportunity", "customer"),
    ]


def test_a_stage_has_the_number_of_leads_that_entered_it():
    walk()
    walk("mql")
    walk("mql", "sal", "sql", "opportunity", "customer")
    assert counts(november()) == {"lead": 3, "mql": 2, "sal": 1, "sql": 1, "opportunity": 1, "customer": 1}


def test_a_funnel_without_leads_has_its_six_stages_with_nothing_in_them():
    context = funnel_context(november(), "")
    assert [each["n"] for each in context["stages"]] == [0] * 6
    assert [cell.row.value for cell in context["total"].cells] == [None] * 5


def test_the_first_stage_has_no_step_before_it_and_the_last_has_the_last_one():
    context = funnel_context(november(), "")
    steps = [each["step"] for each in context["stages"]]
    assert not steps[0]
    assert steps[1:] == context["total"].cells


def test_the_figure_has_the_numbers_and_links_of_the_table():
    walk("mql")
    context = funnel_context(november(), "")
    (drawn,) = context["chart"]["data"]
    assert drawn["x"] == [each["n"] for each in context["stages"]]
    assert drawn["y"] == [str(each["stage"]) for each in context["stages"]]
    assert drawn["customdata"] == [each["url"] for each in context["stages"]]


def test_a_skipped_stage_is_not_invented_in_the_period_but_counts_as_reached_in_the_cohort():
    walk("mql", "sql")
    assert counts(november())["sal"] == 0
    to_sal = funnel_context(november(View.COHORT), "")["total"].cells[1]
    assert (to_sal.row.numerator, to_sal.row.denominator) == (1, 1)


def test_in_the_period_view_more_may_leave_than_entered():
    walk("mql", "sal", start=MONDAY_9AM - timedelta(days=40))
    lead = walk("mql", start=MONDAY_9AM - timedelta(days=40))
    lead.journey.move_to(Stage.objects.role("sal"), because="x", at=MONDAY_9AM)
    to_sal = funnel_context(november(), "")["total"].cells[1]
    assert (to_sal.row.numerator, to_sal.row.denominator, to_sal.row.value) == (1, 0, None)


def test_the_stock_counts_who_stands_there_or_beyond():
    walk("mql", "sal", start=MONDAY_9AM - timedelta(days=90))
    walk("mql")
    assert counts(november(View.STOCK)) == {"lead": 2, "mql": 2, "sal": 1, "sql": 0, "opportunity": 0, "customer": 0}


@pytest.mark.parametrize(("days", "is_mature"), [(0, True), (9, False)], ids=["ever", "within nine days"])
def test_a_cohort_is_mature_when_its_window_is_over(days, is_mature):
    """November ends ten days after the moment that is asked; October ended nineteen and a half days before it."""
    october = Question(Period(date(2026, 10, 1), date(2026, 11, 12)), view="cohort", at=FRIDAY)
    assert funnel_context(october, "")["is_mature"]
    windowed = Question(october.period, view="cohort", window_days=days or None, at=FRIDAY)
    assert funnel_context(windowed, "")["is_mature"] == is_mature


def test_a_window_leaves_out_what_came_later():
    lead = walk(start=MONDAY_9AM - timedelta(days=14))
    lead.journey.move_to(Stage.objects.role("mql"), because="x", at=MONDAY_9AM)
    within = {
        days: funnel_context(november(View.COHORT, window_days=days), "")["total"].cells[0].row.numerator
        for days in (13, 14, 15)
    }
    # A window is half open: exactly fourteen days later is too late for fourteen days.
    assert within == {13: 0, 14: 0, 15: 1}


# Cut by a dimension


def names(by: str, question: Question | None = None) -> list[str]:
    with translation.override("en"):
        return [line.name for line in asked_lines(question or november(), by).fetch()]


def test_sources_with_most_leads_come_first_and_equals_by_their_name():
    for source in ("Web", "Expo", "Ads", "Expo"):
        walk(source=source)
    assert names("source") == ["Expo", "Ads", "Web"]


def test_a_source_that_only_left_a_stage_counts_by_its_largest_step():
    """The most leads of any step decide, not those of the first."""
    for source in ("Late", "Late", "New"):
        walk("mql", "sal", source=source, start=MONDAY_9AM - timedelta(days=60))
    for lead in Lead.objects.filter(source="Late"):
        lead.journey.move_to(Stage.objects.role("sql"), because="x", at=MONDAY_9AM)
        lead.journey.move_to(Stage.objects.role("opportunity"), because="x", at=MONDAY_9AM + timedelta(hours=1))
    walk(source="New")
    assert names("source") == ["Late", "New"]


def test_weeks_are_in_their_order_and_one_without_leads_is_there():
    walk(start=MONDAY_9AM)
    walk(start=MONDAY_9AM - timedelta(days=14))
    lines = asked_lines(november(), "week").fetch()
    assert [line.cells[0].row.key for line in lines] == [
        "2026-10-26",
        "2026-11-02",
        "2026-11-09",
        "2026-11-16",
        "2026-11-23",
        "2026-11-30",
    ]
    assert [line.cells[0].row.denominator for line in lines] == [0, 1, 0, 1, 0, 0]


def test_leads_without_a_source_are_called_none():
    walk(source="")
    assert names("source") == ["none"]


def test_a_line_has_a_cell_for_every_step_even_where_nothing_happened():
    walk(source="Expo")
    (line,) = asked_lines(november(), "source").fetch()
    assert [(cell.row.numerator, cell.row.denominator) for cell in line.cells] == [(0, 1)] + [(0, 0)] * 4


def test_the_lines_add_up_to_the_whole():
    for n, source in enumerate(["Expo", "Web", "Expo", ""]):
        walk(*["mql", "sal", "sql"][: n % 4], source=source)
    context = funnel_context(november(), "source")
    for step, whole in enumerate(context["total"].cells):
        parts = [line.cells[step].row for line in context["lines"]]
        assert sum(row.numerator for row in parts) == whole.row.numerator
        assert sum(row.denominator or 0 for row in parts) == whole.row.denominator


def test_more_than_two_hundred_sources_are_cut_off_at_the_smallest():
    Lead.objects.bulk_create(
        Lead(email=f"{n}@example.org", source=f"S{n:03}", created_at=MONDAY_9AM) for n in range(205)
    )
    lead_stage = Stage.objects.role("lead")
    Transition.objects.bulk_create(
        Transition(lead=lead, to_stage=lead_stage, at=MONDAY_9AM, how=Transition.How.IMPORT)
        for lead in Lead.objects.all()
    )
    assert names("source") == [f"S{n:03}" for n in range(200)]


def test_every_cell_of_a_cut_opens_as_many_leads_as_it_says(gina):
    walk("mql", "sal", source="Expo", country="JP")
    walk("mql", source="")
    for line in asked_lines(november(), "source").fetch():
        for cell in line.cells:
            assert gina.get(cell.url).context["cases"] == cell.row.numerator
            assert gina.get(cell.of_url).context["cases"] == cell.row.denominator


# The page


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


@pytest.mark.parametrize("view", View)
def test_a_view_is_explained_in_the_language_of_the_page(gina, view):
    walk("mql")
    with translation.override("en"):
        explained = str(EXPLANATIONS[view])
    assert explained in text_of(gina.get("/funnel/", {**NOVEMBER, "view": view.value}))
    with translation.override("ja"):
        assert str(EXPLANATIONS[view]) != explained


def test_the_stock_is_headed_as_what_stands_there(gina):
    walk("mql")
    assert "Standing here or beyond" in text_of(gina.get("/funnel/", {**NOVEMBER, "view": "stock"}))
    assert "Standing here or beyond" not in text_of(gina.get("/funnel/", {**NOVEMBER, "view": "period"}))


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 9, 1), date(2026, 11, 30)),
        ({"start": "2026-11-01", "end": "2026-11-08"}, date(2026, 11, 1), date(2026, 11, 7)),
        ({"start": "2026-11-01", "end": "2026-11-08", "last": "2026-11-03"}, date(2026, 11, 1), date(2026, 11, 3)),
    ],
    ids=["three months", "the day after the last", "the last day where both are given"],
)
def test_the_days_are_those_of_the_address(gina, query, first, last):
    walk("mql")
    period = gina.get("/funnel/", query).context["period"]
    assert (period.start, period.end - timedelta(days=1)) == (first, last)


@pytest.mark.parametrize("end", ["soon", "2026-11", "2026-11-08T00:00", "20261108", "2026-11-31"])
def test_an_end_that_is_no_day_is_an_error_and_is_kept(gina, end):
    walk("mql")
    answer = gina.get("/funnel/", {"start": "2026-11-01", "end": end})
    assert answer.status_code == 422
    assert "last" in answer.context["form"].errors
    assert f'value="{end}"' in text_of(answer)


def test_a_window_counts_in_the_cohort_view_only(gina):
    lead = walk(start=MONDAY_9AM - timedelta(days=14), source="x")
    lead.journey.move_to(Stage.objects.role("sal"), because="x", at=MONDAY_9AM + timedelta(hours=5))
    for view in ("period", "stock"):
        answer = gina.get("/funnel/", {**NOVEMBER, "view": view, "window": "14"})
        assert answer.status_code == 200
        assert "window=" not in answer.context["total"].cells[0].url
    assert (
        "window=14"
        in gina.get("/funnel/", {**NOVEMBER, "view": "cohort", "window": "14"}).context["total"].cells[0].url
    )


def test_days_before_the_first_lead_say_that_nobody_moved(gina):
    walk("mql")
    answer = gina.get("/funnel/", {"start": "2025-01-01", "last": "2025-01-31", "view": "period", "by": "source"})
    assert "Nobody moved in these days." in text_of(answer)


def test_whoever_may_import_is_led_from_an_empty_funnel_to_the_import(client, mara):
    assert 'href="/imports/"' in text_of(client.get("/funnel/"))


def test_it_costs_the_same_for_one_source_and_for_ten(gina, django_assert_max_num_queries):
    def cost() -> int:
        with django_assert_max_num_queries(60) as queries:
            gina.get("/funnel/", {**NOVEMBER, "view": "cohort", "by": "source"})
        return len(queries)

    walk("mql", source="Expo")
    one = cost()
    for n in range(9):
        walk("mql", source=f"Source {n}")
    assert cost() <= one


def test_it_is_only_read(gina):
    assert gina.post("/funnel/").status_code == 405
