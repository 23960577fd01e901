"""The page of one metric: its answer as a table and a figure, and the leads behind every number of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from dashboards.numbers.views import answer_chart, answer_lines, describe_in_both_languages
from funnel.models import Stage, StageRole, Transition
from metrics.period import Period
from metrics.question import Question
from metrics.rate import Rate, Row
from metrics.registry import metric, metrics
from sla.models import PastFill
from teams.models import Organization, Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

FRIDAY = MONDAY_9AM + timedelta(days=4)
NOVEMBER = {"start": "2026-11-01", "last": "2026-11-30"}
MQL = {"view": "period", "to_role": "mql"}


@pytest.fixture(autouse=True)
def _on_friday() -> Any:
    with time_machine.travel(FRIDAY, tick=False):
        yield


def november(**parts: Any) -> Question:
    return Question(Period.month_of(MONDAY_9AM), at=FRIDAY, **parts)


def asked(client: Client, name: str, **query: Any) -> Any:
    answer = client.get(f"/metrics/{name}/", {**NOVEMBER, **query})
    assert answer.status_code == 200, answer.context["form"].errors
    return answer


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


# One line of the answer


def line_of(name: str, question: Question, row: Row, currency: str = "JPY") -> Any:
    (line,) = answer_lines(metric(name), question, [row], currency)
    return line


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("entered", Row.of_count("all", 1234), "1,234"),
        ("entered", Row.of_count("all", 0), "0"),
        ("conversion", Row.of_rate("all", Rate(2, 6)), "33.3%"),
        ("conversion", Row.of_rate("all", Rate(1, 3)), "1 / 3"),
        ("conversion", Row.of_rate("all", Rate(9, 8)), "9 / 8"),
        ("conversion", Row.of_rate("all", Rate(0, 6)), "0.0%"),
        ("conversion", Row.of_rate("all", Rate(0, 0)), "–"),
        ("revenue", Row.of_value("all", Decimal("1234567.4"), cases=2), "€1.2M"),
        ("revenue", Row.of_value("all", None, cases=0), "–"),
        ("time_to_answer", Row.of_value("all", 6120.0, cases=4), "1 h 42 min"),
    ],
)
def test_a_value_is_written_in_its_unit(name, row, value):
    parts = {"from_role": "mql", "to_role": "sal"} if name == "conversion" else {}
    with translation.override("en"):
        assert line_of(name, november(**parts), row, "EUR").value == value


def test_a_line_is_named_by_its_key_and_the_whole_by_all():
    with translation.override("en"):
        names = [
            line_of("entered", november(by=by), Row.of_count(key, 1)).name
            for by, key in [("", "all"), ("source", "Expo"), ("source", ""), ("month", "2026-11")]
        ]
    assert names == ["All", "Expo", "none", "2026-11"]


def test_a_line_that_time_can_still_change_says_so_and_one_that_is_over_does_not():
    with translation.override("en"):
        young = line_of("entered", november(), Row.of_count("all", 1, mature=False))
        old = line_of("entered", november(), Row.of_count("all", 1))
    assert (young.remarks, old.remarks) == ("not yet mature", "")


def test_a_line_says_how_many_cases_it_left_out_and_why():
    row = Row.of_rate("all", Rate(1, 2), flagged=1_000)
    with translation.override("en"):
        line = line_of("conversion", november(from_role="mql", to_role="sal"), row)
    assert line.remarks == "1,000 flagged: dated before its cause"


# Its figure


def chart_of(name: str, rows: list[Row], by: str = "month", **parts: Any) -> dict[str, Any]:
    question = november(by=by, **parts)
    figure = answer_chart(metric(name), question, [line_of(name, question, row) for row in rows])
    (drawn,) = figure["data"]
    return dict(drawn)


def test_durations_are_drawn_in_hours():
    rows = [Row.of_value("2026-10", 5400.0, cases=1), Row.of_value("2026-11", None, cases=0)]
    assert chart_of("time_to_answer", rows)["y"] == [1.5, None]


def test_amounts_are_drawn_as_numbers_that_json_has():
    drawn = chart_of("revenue", [Row.of_value("2026-11", Decimal("12.50"), cases=1)])
    assert drawn["y"] == [12.5]
    assert isinstance(drawn["y"][0], float)


def test_a_rate_over_nothing_is_a_gap_in_the_figure():
    rows = [Row.of_rate("2026-10", Rate(1, 4)), Row.of_rate("2026-11", Rate(0, 0))]
    assert chart_of("conversion", rows, from_role="mql", to_role="sal")["y"] == [0.25, None]


@pytest.mark.parametrize(("by", "kind"), [("month", "scatter"), ("week", "scatter"), ("source", "bar")])
def test_time_is_a_line_and_other_cuts_are_bars(by, kind):
    assert chart_of("entered", [Row.of_count("x", 1)], by)["type"] == kind


def test_the_figure_shows_the_same_names_and_links_as_the_table(gina):
    make.mql(at=MONDAY_9AM - timedelta(days=30))
    make.mql()
    context = asked(gina, "entered", to_role="mql", by="week").context
    (drawn,) = context["chart"]["data"]
    assert drawn["x"] == [line.name for line in context["lines"]]
    assert drawn["y"] == [float(line.row.value) for line in context["lines"]]
    assert drawn["customdata"] == [line.url for line in context["lines"]]


def test_a_whole_period_has_a_number_and_no_figure(gina):
    make.mql()
    assert asked(gina, "entered", to_role="mql", by="").context["chart"] is None


# The numbers open their leads


@pytest.mark.parametrize("by", ["", "month", "week", "quarter", "source", "country"])
def test_every_number_of_a_rate_opens_as_many_cases_as_it_says(gina, by):
    for source in ("Expo", "", "Web"):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM - timedelta(days=12), source=source)
        make.mql(at=MONDAY_9AM, source=source, country="JP")
    query = {"view": "period", "from_role": "lead", "to_role": "mql", "by": by}
    lines = asked(gina, "conversion", **query).context["lines"]
    assert sum(line.row.denominator for line in lines) == 6
    for line in lines:
        assert gina.get(line.url).context["cases"] == line.row.numerator
        assert gina.get(line.of_url).context["cases"] == line.row.denominator


def test_what_is_flagged_is_told_in_the_table_and_opened_from_there(gina):
    lead = make.lead(StageRole.MQL, created_at=MONDAY_9AM + timedelta(hours=2))
    sal = Stage.objects.role("sal")
    Transition.objects.create(lead=lead, to_stage=sal, at=MONDAY_9AM, how=Transition.How.IMPORT)
    answer = asked(gina, "conversion", view="cohort", from_role="mql", to_role="sal", by="")
    assert "1 flagged: dated before its cause" in text_of(answer)
    (line,) = answer.context["lines"]
    assert gina.get(line.flagged_url).context["cases"] == 1


def test_a_month_that_is_not_over_is_told_in_the_table(gina):
    assert "not yet mature" in text_of(asked(gina, "entered", to_role="mql", by=""))
    over = text_of(asked(gina, "entered", to_role="mql", by="", start="2026-09-01", last="2026-09-30"))
    assert "not yet mature" not in over


def test_revenue_is_in_the_companys_currency_and_leaves_others_out(gina):
    Organization.ours()
    Organization.objects.update(currency="EUR")
    make.opportunity(won_at=MONDAY_9AM, amount=1200, currency="EUR")
    make.opportunity(won_at=MONDAY_9AM, amount=900, currency="USD")
    answer = asked(gina, "revenue", by="")
    (line,) = answer.context["lines"]
    assert (line.value, line.row.numerator, line.row.flagged) == ("€1,200", 1, 1)
    assert "1 flagged: without an amount in the company's currency" in text_of(answer)


@pytest.mark.parametrize(
    ("name", "query", "headings"),
    [
        ("entered", {"to_role": "mql"}, ["Period", "Value", "Remarks"]),
        ("revenue", {}, ["Period", "Value", "Cases", "Remarks"]),
        (
            "conversion",
            {"view": "period", "from_role": "mql", "to_role": "sal"},
            ["Period", "Value", "Made of", "95% interval", "Remarks"],
        ),
    ],
)
def test_the_table_has_the_columns_of_its_unit(gina, name, query, headings):
    page = text_of(asked(gina, name, by="", **query))
    positions = [page.index(f">{heading}</th>") for heading in headings]
    assert positions == sorted(positions)
    assert ("Made of" in page, ">Cases<" in page) == ("Made of" in headings, "Cases" in headings)


# The form


def test_it_starts_with_three_months_by_month(gina):
    context = gina.get("/metrics/contracts/").context
    assert [line.row.key for line in context["lines"]] == ["2026-09", "2026-10", "2026-11"]


def test_a_refused_question_keeps_what_was_typed_and_shows_no_answer(gina):
    answer = gina.get("/metrics/contracts/", {"start": "2026-11-30", "last": "2026-11-01", "by": "source"})
    assert answer.status_code == 422
    page = text_of(answer)
    assert 'value="2026-11-30"' in page
    assert 'value="2026-11-01"' in page
    assert "The last day is not before the first." in page
    assert "lines" not in answer.context
    assert "Nothing to show" not in page


@pytest.mark.parametrize(("start", "wrong"), [("mql", "to_role"), ("customer", "to_role")])
def test_stages_in_the_wrong_order_are_an_error_at_the_second(gina, start, wrong):
    query = {**NOVEMBER, "view": "cohort", "from_role": start, "to_role": "mql"}
    answer = gina.get("/metrics/conversion/", query)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [wrong])


def test_a_cut_in_which_nothing_happened_says_so(gina):
    assert "Nothing of the kind happened in these days." in text_of(asked(gina, "contracts", by="source"))


def test_it_is_only_read(gina):
    assert gina.post("/metrics/contracts/").status_code == 405
    assert gina.post("/metrics/").status_code == 405


# Both languages


@pytest.mark.parametrize(("here", "there"), [("en", "ja"), ("ja", "en")])
def test_a_metric_is_described_in_the_other_language_too(here, there):
    with translation.override(there):
        expected = str(metric("contracts").label)
    with translation.override(here):
        described = describe_in_both_languages(metric("contracts"))
        assert described["there"]["label"] == expected
        assert described["language"] == there


def test_views_are_named_only_where_there_is_a_choice():
    with translation.override("en"):
        assert describe_in_both_languages(metric("conversion"))["views"] == ["Cohort", "Period", "Stock"]
        assert describe_in_both_languages(metric("contracts"))["views"] == []


@pytest.mark.parametrize("name", [one.name for one in metrics()])
def test_every_metric_is_defined_in_japanese(name):
    with translation.override("ja"):
        japanese = str(metric(name).label), str(metric(name).definition)
    with translation.override("en"):
        assert (str(metric(name).label), str(metric(name).definition)) != japanese
    assert any(ord(letter) > 0x3000 for letter in japanese[1])


# What it costs


def test_the_dictionary_costs_the_same_for_everybody(client, django_assert_num_queries):
    """It reads definitions, which are code: only the session, the person and the counts of the navigation are asked."""
    costs = set()
    for _n in range(2):
        client.force_login(make.user(Role.MARKETER))
        client.get("/metrics/")
        with django_assert_num_queries(3) as queries:
            client.get("/metrics/")
        costs.add(len(queries))
        for _lead in range(5):
            make.mql()
    assert len(costs) == 1


def test_an_answer_costs_the_same_for_one_source_and_for_ten(gina, django_assert_max_num_queries):
    def cost() -> int:
        with django_assert_max_num_queries(40) as queries:
            asked(gina, "entered", to_role="mql", by="source")
        return len(queries)

    make.mql(source="Expo")
    one = cost()
    for n in range(9):
        make.mql(source=f"Source {n}")
    assert cost() <= one


# Until old steps are filled in


@pytest.mark.parametrize(("url", "by"), [("/metrics/entered/", "persona"), ("/funnel/", "quadrant")])
def test_while_old_steps_are_filled_in_it_says_how_far(url: str, by: str, client: Client) -> None:
    make.mql()
    fill = PastFill.objects.create(up_to=8, done_to=2)
    client.force_login(make.user(Role.MANAGER))
    assert "25.0% are done" in text_of(client.get(url, {**NOVEMBER, **MQL, "by": by}))
    assert "are done" not in text_of(client.get(url, {**NOVEMBER, **MQL, "by": "source"}))
    PastFill.objects.filter(pk=fill.pk).update(done_to=8, finished_at=FRIDAY)
    assert "are done" not in text_of(client.get(url, {**NOVEMBER, **MQL, "by": by}))
