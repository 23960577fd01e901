"""One number, opened: which leads, of which moment, in which parts, and the question in words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from dashboards.numbers import behind_views
from dashboards.numbers.opened import (
    OpenedNumber,
    describe_question,
    leads_behind,
    parse_number,
    part_tabs,
    values_behind,
)
from dashboards.numbers.question_urls import behind_url
from funnel.models import Stage, StageRole, Transition
from leads.models import Lead
from metrics.period import Period
from metrics.question import BadQuestion, Part, Question
from metrics.rate import Rate, Row
from metrics.registry import Unit, UnknownMetric, metric, metrics
from teams.models import Organization, Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

FRIDAY = MONDAY_9AM + timedelta(days=4)
WEEK = {"start": "2026-11-16", "end": "2026-11-23"}


@pytest.fixture(autouse=True)
def _on_friday() -> Any:
    with time_machine.travel(FRIDAY, tick=False):
        yield


def opened(name: str, key: str = "all", part: Part = "numerator", **parts: Any) -> OpenedNumber:
    week = Period(date(2026, 11, 16), date(2026, 11, 23))
    return OpenedNumber(metric(name), metric(name).accept(Question(week, **parts)), key, part)


def moments(number: OpenedNumber) -> dict[Lead, datetime]:
    leads, _heading = leads_behind(number)
    return {Lead.objects.get(pk=row.key): row.moment for row in leads}


# The leads, each with its moment


def test_a_lead_has_the_moment_at_which_it_was_counted_and_not_that_of_its_making():
    lead = make.mql(at=MONDAY_9AM, created_at=MONDAY_9AM - timedelta(days=30))
    assert moments(opened("entered", to_role="mql")) == {lead: MONDAY_9AM}


def test_a_lead_that_came_back_twice_is_listed_once_with_the_latest_moment():
    lead = make.mql(at=MONDAY_9AM)
    for hours in (1, 3):
        at = MONDAY_9AM + timedelta(hours=hours)
        lead.journey.move_to(Stage.objects.role("lead"), because="x", at=at)
        lead.journey.move_to(Stage.objects.role("mql"), because="x", at=at + timedelta(minutes=30))
    number = opened("reentered", to_role="mql")
    assert number.row.numerator == 2
    assert moments(number) == {lead: MONDAY_9AM + timedelta(hours=3, minutes=30)}


def test_the_leads_are_paged_the_latest_first_and_back(monkeypatch: pytest.MonkeyPatch):
    leads = [make.mql(at=MONDAY_9AM + timedelta(hours=n // 2)).pk for n in range(5)][::-1]
    # Those of one moment by their ids, the last first.
    client = make.signed_in(make.user(Role.MANAGER))
    monkeypatch.setattr(behind_views, "PAGE_SIZE", 2)
    address = f"/behind/entered/?{urlencode(WEEK)}&to=mql"
    pages: list[list[int]] = []
    links: list[dict[str, str]] = []
    while address:
        page = client.get(address).content.decode()
        pages.append([int(pk) for pk in re.findall(r'<th scope="row"[^>]*><a href="/leads/(\d+)/', page)])
        link = {rel: f"/behind/entered/{unescape(to)}" for to, rel in re.findall(r'href="([^"]+)" rel="(\w+)"', page)}
        links.append(link)
        address = link.get("next", "")
    assert pages == [leads[:2], leads[2:4], leads[4:]]
    back = client.get(links[1]["prev"]).content.decode()
    assert [int(pk) for pk in re.findall(r'<th scope="row"[^>]*><a href="/leads/(\d+)/', back)] == leads[:2]


@pytest.mark.parametrize(
    ("name", "heading"),
    [("entered", "Entered"), ("contracts", "Won"), ("handed_over", "Offered")],
)
def test_the_column_of_the_moment_is_headed_by_what_is_counted(name, heading):
    with translation.override("en"):
        assert str(leads_behind(opened(name))[1]) == heading


def test_the_moment_of_a_contract_is_when_it_was_won():
    lead = make.lead()
    make.opportunity(lead, opened_at=MONDAY_9AM - timedelta(days=40), won_at=MONDAY_9AM)
    assert moments(opened("contracts")) == {lead: MONDAY_9AM}


@pytest.mark.parametrize("is_known_to_the_day", [True, False])
def test_of_a_step_known_only_to_the_day_the_day_is_shown_alone(is_known_to_the_day: bool, client: Client) -> None:
    make.sign_in(client, make.user(Role.MANAGER))
    lead = make.mql(at=FRIDAY - timedelta(days=1))
    if is_known_to_the_day:
        lead.transitions.filter(to_stage__role="mql").update(day=date(2026, 11, 19))
    text = client.get(behind_url("entered", opened("entered", to_role="mql").question)).content.decode()
    assert ('datetime="2026-11-19"' in text, 'datetime="2026-11-19T' in text) == (
        is_known_to_the_day, not is_known_to_the_day,
    )  # fmt: skip


def test_a_lead_that_was_merged_into_another_is_behind_no_number():
    kept = make.mql()
    Lead.objects.filter(pk=make.mql().pk).update(merged_into=kept, merged_at=FRIDAY)
    assert moments(opened("entered", to_role="mql")).keys() == {kept}


@pytest.mark.parametrize(
    ("at", "is_in"),
    [
        (datetime(2026, 11, 15, 14, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 15, 15, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 0, tzinfo=UTC), True),
    ],
    ids=["Sunday's last second in Tokyo", "Monday's first", "the moment that is asked"],
)
def test_a_week_begins_and_ends_at_midnight_in_tokyo(at, is_in):
    lead = make.lead(StageRole.LEAD, created_at=at)
    assert (lead in moments(opened("entered"))) == is_in


# Its parts


def labels(number: OpenedNumber, row: Row) -> list[tuple[str, int]]:
    with translation.override("en"):
        return [(tab["label"], tab["n"]) for tab in part_tabs(number, row)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row.of_count("all", 3), []),
        (Row.of_count("all", 3, flagged=1), [("Counted", 3), ("Flagged", 1)]),
        (Row.of_rate("all", Rate(3, 8)), [("Counted", 3), ("Out of", 8)]),
        (Row.of_rate("all", Rate(0, 0)), [("Counted", 0), ("Out of", 0)]),
        (Row.of_rate("all", Rate(3, 8), flagged=2), [("Counted", 3), ("Out of", 8), ("Flagged", 2)]),
    ],
    ids=["count", "count with impossible cases", "rate", "rate over nothing", "rate with impossible cases"],
)
def test_a_number_has_a_tab_for_each_of_its_parts(row, expected):
    assert labels(opened("entered"), row) == expected


def test_the_tab_that_is_open_is_marked_and_the_others_link_to_themselves():
    number = opened("conversion", part="denominator", view="period", from_role="lead", to_role="mql")
    tabs = part_tabs(number, Row.of_rate("all", Rate(1, 2)))
    assert [tab["is_here"] for tab in tabs] == [False, True]
    assert "part=" not in tabs[0]["url"]
    assert "part=denominator" in tabs[1]["url"]


def test_an_outcome_dated_before_its_cause_is_flagged_and_opened(gina):
    lead = make.lead(StageRole.MQL, created_at=MONDAY_9AM + timedelta(hours=2))
    sal = Stage.objects.role("sal")
    Transition.objects.create(lead=lead, to_stage=sal, at=MONDAY_9AM, how=Transition.How.IMPORT)
    query = {**WEEK, "view": "cohort", "from": "mql", "to": "sal", "part": "flagged"}
    answer = gina.get("/behind/conversion/", query)
    assert (answer.context["cases"], [row.pk for row in answer.context["page"].rows]) == (1, [lead.pk])


def test_more_cases_than_leads_are_explained(gina):
    lead = make.lead()
    for hours in range(3):
        make.opportunity(lead, won_at=MONDAY_9AM + timedelta(hours=hours))
    make.opportunity(won_at=MONDAY_9AM)
    page = gina.get("/behind/contracts/", WEEK).content.decode()
    assert "4 cases, of 2 leads: some counted more than once." in page


def test_as_many_cases_as_leads_need_no_explanation(gina):
    make.opportunity(won_at=MONDAY_9AM)
    assert "counted more than once" not in gina.get("/behind/contracts/", WEEK).content.decode()


# In words


def words(number: OpenedNumber, language: str = "en") -> dict[str, str]:
    with translation.override(language):
        return dict(describe_question(number))


def test_a_conversion_is_described_by_its_view_its_stages_and_its_window():
    number = opened("conversion", view="cohort", from_role="mql", to_role="customer", window_days=90)
    assert words(number) == {"View": "Cohort", "Stages": "MQL → Customer", "Within": "90 days"}
    assert words(number, "ja") == {"見方": "コホート", "ステージ": "MQL → 受注", "日数の枠": "90日"}


def test_a_metric_with_one_view_is_described_without_it():
    assert words(opened("entered", to_role="sal")) == {"Stage": "SAL"}
    assert words(opened("contracts")) == {}


def test_the_row_that_was_opened_is_described_by_its_dimension():
    assert words(opened("contracts", "Expo", by="source")) == {"Source": "Expo"}
    assert words(opened("contracts", "", by="source")) == {"Source": "none"}
    assert words(opened("contracts", "all", by="source")) == {}


def test_a_filter_is_described_beside_the_row():
    number = opened("contracts", "Expo", by="source", filters={"country": "JP"})
    assert words(number).keys() == {"Country", "Source"}


# Refused


def test_a_part_that_no_number_has_is_refused():
    with pytest.raises(BadQuestion) as refused:
        parse_number("entered", {**WEEK, "part": "remainder"})
    assert refused.value.field == "part"


def test_a_number_that_nobody_defined_is_unknown():
    with pytest.raises(UnknownMetric):
        parse_number("happiness", WEEK)


def test_a_refusal_is_in_the_language_of_the_page(client: Client):
    client.force_login(make.user(Role.MANAGER, language="ja"))
    answer = client.get("/behind/entered/", {**WEEK, "start": "soon"})
    assert answer.status_code == 400
    assert "soon" in answer.content.decode()
    assert "is not a date" not in answer.content.decode()


# The page


def test_a_number_without_leads_leads_to_other_days(gina):
    page = gina.get("/behind/contracts/", WEEK).content.decode()
    assert "No leads behind this number" in page
    assert 'href="/metrics/contracts/"' in page


def test_it_costs_the_same_for_one_lead_and_for_ten(gina, django_assert_max_num_queries):
    def cost() -> int:
        with django_assert_max_num_queries(60) as queries:
            gina.get("/behind/entered/", {**WEEK, "to": "mql"})
        return len(queries)

    make.mql(company=make.company())
    one = cost()
    for _n in range(9):
        make.mql(company=make.company())
    assert cost() <= one


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_the_same_leads_behind_the_same_number(client, role):
    """Both teams look at one number: whose lead it is does not hide it."""
    lead = make.mql(owner=make.user(Role.REP))
    client.force_login(make.user(role))
    rows = client.get("/behind/entered/", {**WEEK, "to": "mql"}).context["page"].rows
    assert [row.pk for row in rows] == [lead.pk]


def test_it_is_only_read(gina):
    assert gina.post("/behind/entered/", WEEK).status_code == 405


def test_a_link_from_a_page_opens_what_the_page_counted(gina):
    make.mql(source="R&D / ＥＸＰＯ?")
    make.mql(source="Web")
    question = opened("entered", by="source", to_role="mql").question
    for row in metric("entered").rows(question):
        context = gina.get(behind_url("entered", question, row.key, was=row.numerator)).context
        assert (context["cases"], context["was"]) == (row.numerator, None)


def test_an_amount_is_in_the_companys_currency(client: Client) -> None:
    Organization.ours()
    Organization.objects.update(currency="JPY")
    make.opportunity(won_at=MONDAY_9AM, amount=4_010_000, currency="JPY")
    make.sign_in(client, make.user(Role.MANAGER))
    page = client.get("/behind/revenue/", WEEK)
    assert page.context["value"] == "¥4M"


def values(number: OpenedNumber) -> dict[int, str]:
    with translation.override("en"):
        return values_behind(number, [row.key for row in leads_behind(number)[0]])


def test_each_lead_behind_an_amount_has_its_own(client: Client) -> None:
    Organization.ours()
    Organization.objects.update(currency="JPY")
    lead, foreign, unknown = make.lead(), make.lead(), make.lead()
    for of, fields in (
        (lead, {"amount": 4_010_000, "currency": "JPY"}),
        (lead, {"amount": 500, "currency": ""}),
        (foreign, {"amount": 1200, "currency": "EUR"}),
        (unknown, {}),
    ):
        make.opportunity(of, won_at=MONDAY_9AM, **fields)
    assert values(opened("contracts")) == {}
    assert set(values(opened("revenue"))[lead.pk].split(" + ")) == {"¥4,010,000", "¥500"}
    assert values(opened("revenue", part="flagged")) == {foreign.pk: "€1,200", unknown.pk: "–"}
    page = make.sign_in(client, make.user(Role.MANAGER)).get("/behind/revenue/", WEEK).content.decode()
    assert ">Amount</th>" in page
    assert "¥4,010,000" in page


def test_what_a_number_of_money_or_time_sums_is_named() -> None:
    """A new one without `each` would list its leads without what they come to."""
    for each in metrics():
        assert bool(each.each) == (each.unit in (Unit.MONEY, Unit.DURATION)), each.name
