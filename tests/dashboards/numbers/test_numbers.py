"""The pages of numbers: their leads, the dictionary, the funnel, and the command that says the same."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from dashboards.home.navigation import navigation_counts
from funnel.models import StageRole
from leads.models import Lead
from leads.notices import IMPORT_DONE
from metrics.registry import metrics
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

WEEK = "start=2026-11-16&end=2026-11-23"
FRIDAY = MONDAY_9AM + timedelta(days=4)
TAKES_STAGES = {"conversion": ("--from", "mql", "--to", "sal")}


@pytest.fixture(autouse=True)
def _on_friday() -> Any:
    with time_machine.travel(FRIDAY, tick=False):
        yield


# The leads behind a number


def test_the_leads_behind_a_count_are_listed_with_company_stage_and_moment(gina):
    company = make.company(name="Chubu Packaging")
    lead = make.mql(family_name="Tanaka", company=company)
    make.mql(at=MONDAY_9AM - timedelta(days=7))
    answer = gina.get(f"/behind/entered/?{WEEK}&to=mql")
    page = answer.content.decode()
    assert [row.pk for row in answer.context["page"].rows] == [lead.pk]
    assert all(word in page for word in ("Tanaka", "Chubu Packaging", "MQL", "16 Nov"))


def test_a_rate_opens_both_its_counts(gina):
    for source in ("Expo", "Expo", "Web"):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM, source=source)
    make.mql(at=MONDAY_9AM, created_at=MONDAY_9AM - timedelta(hours=1), source="Expo")
    asked = f"/behind/conversion/?{WEEK}&view=period&from=lead&to=mql&by=source&key=Expo"
    assert gina.get(asked).context["cases"] == 1
    of = gina.get(f"{asked}&part=denominator")
    assert of.context["cases"] == 3
    assert [tab["n"] for tab in of.context["tabs"]] == [1, 3]


def test_an_empty_key_is_the_leads_without_a_source(gina):
    make.mql(source="Expo")
    nameless = make.mql(source="")
    rows = gina.get(f"/behind/entered/?{WEEK}&to=mql&by=source&key=").context["page"].rows
    assert [row.pk for row in rows] == [nameless.pk]


def test_rows_are_as_of_the_moment_that_the_page_was_counted(gina):
    make.mql(at=MONDAY_9AM)
    make.mql(at=MONDAY_9AM + timedelta(days=2))
    at = (MONDAY_9AM + timedelta(days=1)).isoformat()
    answer = gina.get("/behind/entered/", {"start": "2026-11-16", "end": "2026-11-23", "to": "mql", "at": at, "was": 1})
    assert (answer.context["cases"], answer.context["was"]) == (1, None)


def test_a_number_that_changed_since_shows_its_earlier_value(gina):
    make.mql()
    page = gina.get(f"/behind/entered/?{WEEK}&to=mql&was=3").content.decode()
    assert "The page you came from showed 3." in page


def test_a_long_list_is_turned_by_key_and_nobody_is_listed_twice(gina):
    for nth in range(120):
        make.lead(StageRole.LEAD, created_at=MONDAY_9AM + timedelta(minutes=nth // 3))
    url, seen = f"/behind/entered/?{WEEK}", []
    while url:
        page = gina.get(url).context["page"]
        seen += [row.pk for row in page.rows]
        url = page.next_url and f"/behind/entered/{page.next_url}"
    assert sorted(seen) == sorted(Lead.objects.values_list("pk", flat=True))
    assert len(seen) == 120


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "start=soon&end=2026-11-23",
        "start=2026-11-23&end=2026-11-16",
        f"{WEEK}&view=sideways",
        f"{WEEK}&by=shoe-size",
        f"{WEEK}&to=nowhere",
        f"{WEEK}&part=middle",
        f"{WEEK}&by=month&key=2031-01",
        f"{WEEK}&window=soon",
        "start=0001-01-01&end=9999-12-31",
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(gina, asked):
    answer = gina.get(f"/behind/entered/?{asked}")
    assert answer.status_code == 400
    assert "This question cannot be asked" in answer.content.decode()


def test_an_unknown_metric_is_not_found(gina):
    assert gina.get(f"/behind/happiness/?{WEEK}").status_code == 404
    assert gina.get("/metrics/happiness/").status_code == 404


# The dictionary


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_dictionary_defines_every_metric_in_both_languages(client, language):
    client.force_login(make.user(Role.REP, language=language))
    page = client.get("/metrics/").content.decode()
    for one in metrics():
        for spoken in ("en", "ja"):
            with translation.override(spoken):
                assert str(one.label).replace("'", "&#x27;") in page


@pytest.mark.parametrize("name", [one.name for one in metrics()])
def test_every_number_answers_on_its_page(gina, name):
    make.handoff()
    page = gina.get(f"/metrics/{name}/")
    assert page.status_code == 200
    assert page.context["lines"]


def test_where_there_is_no_value_there_is_no_figure(gina):
    assert gina.get("/metrics/acceptance/").context["chart"] is None
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=MONDAY_9AM + timedelta(hours=1))
    assert gina.get("/metrics/acceptance/").context["chart"]


def test_a_question_that_does_not_hold_is_an_error_at_its_field(gina):
    asked = {"start": "2026-11-16", "last": "2026-11-22", "view": "period", "from_role": "sal", "to_role": "mql"}
    answer = gina.get("/metrics/conversion/", asked)
    assert answer.status_code == 422
    assert "to_role" in answer.context["form"].errors
    assert 'value="2026-11-16"' in answer.content.decode()


def test_days_in_the_wrong_order_are_an_error_at_the_last(gina):
    for page in ("/metrics/entered/", "/funnel/"):
        answer = gina.get(page, {"start": "2026-11-22", "last": "2026-11-16", "to_role": "mql", "view": "period"})
        assert answer.status_code == 422
        assert "last" in answer.context["form"].errors


# The funnel


@pytest.mark.parametrize("view", ["cohort", "period", "stock"])
@pytest.mark.parametrize("by", ["", "month", "source", "persona"])
def test_the_funnel_shows_every_view_and_opens_its_leads(gina, view, by):
    handoff = make.handoff()
    handoff.accept(by=handoff.rep, at=MONDAY_9AM + timedelta(hours=1))
    answer = gina.get("/funnel/", {"start": "2026-11-01", "last": "2026-11-30", "view": view, "by": by})
    assert answer.status_code == 200
    for each in answer.context["stages"]:
        assert gina.get(each["url"]).context["cases"] == each["n"]
    to_sal = answer.context["total"].cells[1]
    assert (to_sal.row.numerator, to_sal.row.denominator) == (1, 1)


def test_an_empty_funnel_says_what_to_do_next(gina):
    assert "Nobody is in the funnel yet" in gina.get("/funnel/").content.decode()


# The command


@pytest.mark.parametrize("name", [one.name for one in metrics()])
def test_the_command_prints_every_number_as_one_line_of_json(name):
    make.handoff()
    days = ("--start", "2026-11-01", "--end", "2026-12-01")
    said = say(name, *days, *TAKES_STAGES.get(name, ()), "--json", "--by", "week")
    assert said.count("\n") == 1
    answer = json.loads(said)
    assert answer["metric"] == name
    assert [row["key"] for row in answer["rows"]] == [
        "2026-10-26",
        "2026-11-02",
        "2026-11-09",
        "2026-11-16",
        "2026-11-23",
        "2026-11-30",
    ]
    assert all({"key", "numerator", "denominator", "value", "mature"} <= set(row) for row in answer["rows"])
    (whole,) = json.loads(say(name, *days, *TAKES_STAGES.get(name, ()), "--json"))["rows"]
    assert whole["key"] == "all"


def test_the_command_refuses_what_a_number_does_not_take():
    with pytest.raises(CommandError, match="cannot be cut by"):
        say("contracts", "--start", "2026-11-01", "--end", "2026-12-01", "--by", "weekday")


def say(name: str, *words: str) -> str:
    out = StringIO()
    call_command("metric", name, *words, stdout=out)
    return out.getvalue()


# What waits, beside the navigation


def test_the_navigation_counts_what_waits_and_says_when_something_is_overdue(django_assert_num_queries):
    handoff = make.handoff(at=FRIDAY - timedelta(minutes=5))
    rep = handoff.rep
    make.notice(rep, kind=IMPORT_DONE)
    with django_assert_num_queries(1):
        counts = navigation_counts(rep)
    assert counts == {"notices": rep.notices.unread().count(), "inbox": 1}
    with time_machine.travel(FRIDAY + timedelta(days=7), tick=False):
        assert navigation_counts(rep)["inbox"] == (1, "breached")


def test_who_sells_nothing_has_no_inbox_to_count(django_assert_num_queries):
    mara = make.user(Role.MARKETER)
    with django_assert_num_queries(1):
        assert navigation_counts(mara) == {"notices": 0}
