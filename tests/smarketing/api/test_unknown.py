"""What is not known is refused with its name, and what nobody foresaw is told as the API tells."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from leads.models import Activity, Lead
from teams.models import Role
from tests import make
from tests.api import PROBLEM, Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Program:
    return Program(make.user(Role.MANAGER, Role.REP, Role.MARKETER))


@pytest.mark.parametrize(
    "path",
    [
        "leads/",
        "activities/",
        "opportunities/",
        "handoffs/",
        "reasons/",
        "activity-kinds/",
        "metrics/",
        "metrics/contracts/",
    ],
)
def test_a_parameter_that_is_not_known_is_refused_with_its_name(program: Program, path: str) -> None:
    answer = program.get(path, serach="Aya", size_="3")
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert list(faults(answer)) == ["serach", "size_"]


def test_what_lists_take_is_taken(program: Program) -> None:
    assert program.get("leads/", search="Aya", size="3").status_code == 200
    assert program.get("activities/", lead="1", size="3").status_code == 200


def test_a_parameter_beside_a_body_is_named_as_one(program: Program) -> None:
    answer = program.post("leads/?dry_run=1", {"email": "aya@example.org"})
    assert list(faults(answer)) == ["dry_run"]
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"email": "aya@example.org", "fist_name": "Aya"}, ["#/fist_name"]),
        ({"email": "aya@example.org", "company": {"name": "Aoba", "sector": "x"}}, ["#/company/sector"]),
        ({"email": "x" * 300, "fist_name": "Aya"}, ["#/email", "#/fist_name"]),
        ({"email": "aya@example.org", "a/b~c": 1}, ["#/a~1b~0c"]),
    ],
)
def test_a_member_that_is_not_known_is_refused_with_its_place(
    program: Program, body: dict[str, Any], named: list[str]
) -> None:
    answer = program.post("leads/", body)
    assert list(faults(answer)) == named
    assert not Lead.objects.exists()


def test_a_change_names_what_it_does_not_know(program: Program) -> None:
    lead = make.lead()
    answer = program.patch(f"leads/{lead.pk}/", {"title": "Head", "stage": "mql"})
    assert list(faults(answer)) == ["#/stage"]
    lead.refresh_from_db()
    assert lead.title == ""


def test_one_activity_that_is_wrong_leaves_the_others(program: Program) -> None:
    given = {"lead": {"id": make.lead().pk}, "kind": "call", "occurred_at": "2026-01-05T10:00:00Z"}
    answer = program.post("activities/", [given, given | {"when": "now"}])
    assert answer.json()["created"] == 1
    assert answer.json()["rejected"] == [{"index": 1, "errors": ["when: There is no such member here."]}]
    assert Activity.objects.count() == 1
    assert list(faults(program.post("activities/", {"activities": [given], "dry": True}))) == ["#/dry"]


def test_what_nobody_foresaw_is_a_problem_to_a_program(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Nobody foresaw it")

    monkeypatch.setattr("dashboards.lead.api.lead_queryset", fail)
    program.client.raise_request_exception = False
    answer = program.get("leads/")
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert answer.json()["title"] == "Internal Server Error"
    assert "foresaw" not in answer.content.decode()


def test_to_a_person_it_is_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Nobody foresaw it")

    monkeypatch.setattr("dashboards.home.views.fetch_together", fail)
    client: Client = make.signed_in(make.user(Role.REP))
    client.raise_request_exception = False
    answer = client.get("/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
