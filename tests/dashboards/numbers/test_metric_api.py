"""Metrics, read by programs."""

from datetime import timedelta

import pytest

from funnel.models import StageRole
from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db
JUNE = {"start": "2026-06-01", "end": "2026-07-01"}


@pytest.fixture
def program() -> Program:
    return Program(make.user(Role.MANAGER))


def test_every_metric_is_named_with_its_definition(program: Program) -> None:
    known = {one["name"]: one for one in program.get("metrics/").json()}
    assert known.keys() >= {"entered", "conversion", "acceptance", "answered_in_time", "contracts"}
    assert known["conversion"]["definition"]
    assert set(known["conversion"]["views"]) == {"cohort", "period", "stock"}


def test_a_metric_is_answered_as_the_command_answers_it(program: Program) -> None:
    make.lead(StageRole.MQL, created_at=make.MONDAY_9AM - timedelta(days=160))
    said = program.get("metrics/conversion/", **JUNE, **{"from": "mql", "to": "customer", "view": "cohort"}).json()
    assert (said["metric"], said["view"]) == ("conversion", "cohort")
    (row,) = said["rows"]
    assert (row["key"], row["numerator"], row["denominator"], row["value"]) == ("all", 0, 1, 0.0)


def test_every_metric_can_be_asked_for(program: Program) -> None:
    for one in program.get("metrics/").json():
        for view in one["views"]:
            for by in ("", *one["dimensions"]):
                pair = {"from": "mql", "to": "customer"} if one["name"] == "conversion" else {}
                answer = program.get(f"metrics/{one['name']}/", **JUNE, view=view, by=by, **pair)
                assert answer.status_code == 200, (one["name"], view, by, answer.json())


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({}, "start"),
        ({"start": "2026-06-01"}, "end"),
        ({"start": "June", "end": "2026-07-01"}, "start"),
        ({"start": "2026-07-01", "end": "2026-06-01"}, "end"),
        (JUNE | {"start": "0001-01-01"}, "start"),
        (JUNE | {"end": "9999-12-31", "by": "week"}, "end"),
        (JUNE | {"view": "sideways"}, "view"),
        (JUNE | {"by": "shoe size"}, "by"),
        (JUNE | {"window": "0"}, "window"),
        (JUNE | {"window": "9" * 30}, "window"),
        (JUNE | {"from": "nowhere"}, "from"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(program: Program, asked: dict[str, str], parameter: str) -> None:
    question = {"from": "mql", "to": "customer", "view": "cohort"} | asked
    assert parameter in faults(program.get("metrics/conversion/", **question))


def test_a_metric_that_nobody_defined_is_not_there(program: Program) -> None:
    faults(program.get("metrics/nonsense/", **JUNE), 404)
