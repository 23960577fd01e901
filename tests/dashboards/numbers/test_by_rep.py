"""Numbers by rep: who sees each rep's row, and who sees their own and one of all others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dashboards.weekly.page import WeeklyPage
from dashboards.weekly.reports import compute_report
from funnel.models import StageRole
from metrics.period import Period
from metrics.question import NotShown, Question, View
from metrics.registry import BadQuestion, metric, metrics
from teams.models import Role, Team, User
from teams.permissions import people_shown_to
from tests import make
from tests.api import Program
from tests.make import MONDAY_9AM

pytestmark = pytest.mark.django_db

FRIDAY = MONDAY_9AM + timedelta(days=4)
WEEK = {"start": "2026-11-16", "end": "2026-11-23"}
BY_REP = WEEK | {"by": "rep"}


@pytest.fixture(autouse=True)
def _on_friday():
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def reps() -> list[User]:
    """Three of one team, who won one, two and three contracts; a fourth contract is nobody's."""
    team = make.team(Team.Kind.SALES)
    reps = [make.user(Role.REP, team=team, given_name=name) for name in ("Sam", "Rosa", "Kenji")]
    for number, rep in enumerate(reps, 1):
        for _ in range(number):
            deal = make.opportunity(make.lead(StageRole.SQL), owner=rep, opened_at=MONDAY_9AM)
            deal.win(at=MONDAY_9AM + timedelta(days=1))
    make.opportunity(make.lead(StageRole.SQL), opened_at=MONDAY_9AM).win(at=MONDAY_9AM + timedelta(days=1))
    return reps


def rows_of(person: User) -> dict[str, int]:
    rows = Program(person).get("metrics/contracts/", **BY_REP).json()["rows"]
    return {row["key"]: row["numerator"] for row in rows}


def test_a_rep_sees_the_own_row_and_the_others_as_one(reps: list[User]) -> None:
    sam, rosa, _ = reps
    assert rows_of(sam) == {str(sam.pk): 1, "others": 6}
    assert rows_of(rosa) == {str(rosa.pk): 2, "others": 5}


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SDR])
def test_whoever_won_nothing_sees_one_row(reps: list[User], role: Role) -> None:
    assert rows_of(make.user(role, team=reps[0].team)) == {"others": 7}


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_whoever_manages_or_administers_sees_all(reps: list[User], role: Role) -> None:
    assert rows_of(make.user(role)) == {"": 1} | {str(rep.pk): number for number, rep in enumerate(reps, 1)}


def test_a_head_sees_the_team(reps: list[User]) -> None:
    kenji = reps[2]
    head, kenji.team = make.user(Role.REP), None
    kenji.save()
    Team.objects.filter(members=reps[0]).update(head=head)
    assert rows_of(head) == {str(reps[0].pk): 1, str(reps[1].pk): 2, "others": 4}


def test_the_page_shows_what_the_api_says(reps: list[User]) -> None:
    sam = reps[0]
    asked = {"start": "2026-11-16", "last": "2026-11-22", "by": "rep"}
    page = make.signed_in(sam).get(reverse("metric", args=["contracts"]), asked)
    assert {line.name: line.row.numerator for line in page.context["lines"]} == {"Sam": 1, "Others": 6}
    assert "Rosa" not in page.content.decode()


def opened(browser: Client, **asked: str) -> int:
    answer = browser.get(reverse("behind", args=["contracts"]), WEEK | asked)
    return len(answer.context["page"].rows) if answer.status_code == 200 else answer.status_code


def test_a_number_is_opened_by_whom_it_is_shown_to(reps: list[User]) -> None:
    sam, rosa, _ = reps
    browser = make.signed_in(sam)
    for narrowed in ({"by": "rep", "key": "{}"}, {"rep": "{}"}):
        asked = [{name: text.format(key) for name, text in narrowed.items()} for key in (sam.pk, rosa.pk, "others")]
        assert [opened(browser, **each) for each in asked] == [1, 403, 6]
        assert opened(make.signed_in(make.user(Role.MANAGER)), **asked[1]) == 2
    refused = browser.get(reverse("behind", args=["contracts"]), WEEK | {"rep": rosa.pk})
    assert "your own numbers" in refused.content.decode()


def test_every_metric_by_rep_is_the_same_of_the_own_row_and_adds_up(reps: list[User]) -> None:
    handoff = make.handoff(at=MONDAY_9AM)
    handoff.accept(by=handoff.rep, at=make.TEN)
    handoff.touch("call", by=handoff.rep, at=make.NOON)
    make.handoff(at=make.TEN)
    for rep in (reps[1], handoff.rep):
        for one in metrics():
            for view in one.views if "rep" in one.dimensions else ():
                asked = Question(Period.week_of(FRIDAY), view=view, by="rep", at=FRIDAY)
                if one.stages == "pair":
                    asked = replace(asked, from_role="mql", to_role="customer")
                every = {row.key: row for row in one.rows(asked)}
                mine = {row.key: row for row in one.rows(replace(asked, people=people_shown_to(rep)))}
                own = str(rep.pk)
                assert mine.keys() <= {own, "others"}, one.name
                assert mine.get(own) == every.get(own), one.name
                assert sum(row.numerator for row in mine.values()) == sum(row.numerator for row in every.values())


def test_a_question_narrowed_to_somebody_else_is_refused_wherever_it_is_asked(reps: list[User]) -> None:
    sam, rosa, _ = reps
    contracts, people = metric("contracts"), people_shown_to(sam)
    week = Period.week_of(FRIDAY)
    narrowed = Question(week, filters={"rep": str(rosa.pk)}, at=FRIDAY, people=people)
    cut = Question(week, by="rep", at=FRIDAY, people=people)
    for ask in (
        lambda: contracts.rows(narrowed),
        lambda: contracts.value(narrowed),
        lambda: contracts.behind(narrowed, "all"),
        lambda: contracts.behind(cut, str(rosa.pk)),
    ):
        with pytest.raises(NotShown):
            ask()
    assert issubclass(NotShown, BadQuestion)


def test_a_long_queue_is_told_to_whom_its_rep_is_shown() -> None:
    sam, rosa = make.user(Role.REP), make.user(Role.REP)
    week = Period.week_of(FRIDAY)
    report = compute_report(week, FRIDAY)
    report.numbers["attention"] = [{"kind": "queue", "tone": "risk", "rep": str(rosa.pk), "n": 9}]
    told = {person: len(WeeklyPage(report, week, None, people_shown_to(person)).notes) for person in (sam, rosa)}
    assert told == {sam: 0, rosa: 1}
    assert len(WeeklyPage(report, week).notes) == 1


def test_a_cut_by_something_else_is_the_same_for_everybody(reps: list[User]) -> None:
    week = Period.week_of(FRIDAY)
    for by in ("source", "week", ""):
        asked = Question(week, by=by, at=FRIDAY, view=View.PERIOD)
        shown = Question(week, by=by, at=FRIDAY, view=View.PERIOD, people=people_shown_to(reps[0]))
        assert metric("contracts").rows(asked) == metric("contracts").rows(shown)
