"""What the rows of a number are called: the names of all of them are asked for together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.numbers.funnel_table import asked_lines
from funnel.models import Reason, StageRole
from leads.models import Persona
from metrics.period import Period
from metrics.question import ALL, OTHERS, Question, dimension, dimensions
from smarketing.database.vocabulary import remembering
from teams.models import Role
from tests import make
from tests.make import MONDAY_9AM, TEN

pytestmark = pytest.mark.django_db


def rep(number: int) -> tuple[str, str]:
    name = f"Rep {number}"
    return str(make.user(Role.REP, given_name=name).pk), name


def persona(number: int) -> tuple[str, str]:
    made = Persona.objects.create()
    made.versions.create(name=f"Persona {number}", criteria={"all": []})
    return str(made.pk), f"Persona {number}"


def reason(kind: Reason.Kind) -> Callable[[int], tuple[str, str]]:
    def make_reason(number: int) -> tuple[str, str]:
        made = Reason.objects.create(kind=kind, key=f"reason-{number}", name_en=f"Reason {number}")
        return made.key, made.name_en

    return make_reason


NAMED = {
    "rep": rep,
    "persona": persona,
    "won_reason": reason(Reason.Kind.WON),
    "lost_reason": reason(Reason.Kind.LOST),
    "reason": reason(Reason.Kind.REJECTED),
}


@pytest.mark.parametrize("by", NAMED)
def test_ten_names_take_the_statements_of_one(by: str):
    made = dict(map(NAMED[by], range(10)))
    counts = []
    for keys in (list(made)[:1], list(made)):
        with CaptureQueriesContext(connection) as asked, remembering():
            assert dimension(by).key_labels(keys) == {key: made[key] for key in keys}
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 2


def test_each_dimension_names_what_it_does_not_know():
    for by in dimensions():
        labels = by.key_labels(["", ALL, "nobody", "7000000", "nobody"])
        assert list(labels) == ["", ALL, "nobody", "7000000"]
        assert labels[ALL] == "All"
        assert all(labels.values())


def test_all_others_are_named_where_rows_are_of_people():
    assert dimension("rep").key_labels([OTHERS]) == {OTHERS: "Others"}
    assert dimension("source").key_labels([OTHERS]) == {OTHERS: OTHERS}


@time_machine.travel(TEN, tick=False)
def test_a_page_by_rep_asks_for_the_names_of_all_reps_at_once():
    client = make.signed_in(make.user(Role.MANAGER))
    counts = []
    for reps in (1, 6):
        for _ in range(reps):
            deal = make.opportunity(make.lead(StageRole.SQL), owner=make.user(Role.REP), opened_at=MONDAY_9AM)
            deal.win(at=TEN)
        asked_for = {"start": "2026-11-01", "last": "2026-11-30", "by": "rep"}
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/metrics/contracts/", asked_for)
        counts.append(len(asked))
        assert page.context["lines"]
    assert counts[0] == counts[1]


def test_a_funnel_by_persona_asks_for_the_names_of_all_personas_at_once():
    counts = []
    for rows in (1, 4):
        for number in range(rows):
            key, _name = persona(number)
            make.mql().transitions.filter(how="machine").update(persona=key)
        question = Question(Period.month_of(MONDAY_9AM), view="period", at=TEN)
        with CaptureQueriesContext(connection) as asked:
            lines = asked_lines(question, "persona").fetch()
        counts.append((len(lines), len(asked)))
    assert counts[0][0] < counts[1][0]
    assert counts[0][1] == counts[1][1]
