"""Opportunities, opened and decided by programs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from funnel.models import Journey, Opportunity, Reason, StageRole
from teams.models import Role
from tests import make
from tests.api import Program, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Program:
    return Program(make.user(Role.REP))


def test_opening_takes_the_lead_to_the_opportunity_stage(program: Program) -> None:
    lead = make.lead(StageRole.SQL)
    said = {
        "lead": {"email": lead.email},
        "name": "First",
        "kind": "up_sell",
        "amount": "1200000.50",
        "currency": "JPY",
        "opened_at": (now() - timedelta(hours=2)).isoformat(),
        "expected_close_on": "2027-01-31",
    }
    answer = program.post("opportunities/", said)
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["lead"], made["amount"], made["owner"]) == (lead.pk, "1200000.50", program.person.email)
    assert made["expected_close_on"] == "2027-01-31"
    assert Journey.objects.get(lead=lead).stage.role == "opportunity"
    assert program.get(f"opportunities/{made['id']}/").json() == made
    assert program.get("opportunities/", lead=lead.pk).json() == {"results": [made], "next": None}


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "#/lead"),
        ({"lead": {"email": "nobody@example.org"}}, "#/lead"),
        ({"lead": {"id": 10**30}}, "#/lead/id"),
        ({"lead": {"id": 1}, "amount": "-1"}, "#/amount"),
        ({"lead": {"id": 1}, "amount": "1e30"}, "#/amount"),
        ({"lead": {"id": 1}, "amount": "NaN"}, "#/amount"),
        ({"lead": {"id": 1}, "currency": "yen"}, "#/currency"),
        ({"lead": {"id": 1}, "opened_at": "2099-01-01T00:00:00Z"}, "#/opened_at"),
        ({"lead": {"id": 1}, "opened_at": "1800-01-01T00:00:00Z"}, "#/opened_at"),
        ({"lead": {"id": 1}, "owner": "nobody@example.org"}, "#/owner"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_wrong(program: Program, said: dict[str, object], pointer: str) -> None:
    assert list(faults(program.post("opportunities/", said))) == [pointer]
    assert not Opportunity.objects.exists()


def test_winning_makes_a_customer_once(program: Program) -> None:
    lead = make.lead(StageRole.OPPORTUNITY)
    deal = Opportunity.open(lead, by=program.person)
    answer = program.post(f"opportunities/{deal.pk}/winning/", {})
    assert answer.status_code == 200
    assert answer.json()["won_at"]
    assert Journey.objects.get(lead=lead).stage.role == "customer"
    faults(program.post(f"opportunities/{deal.pk}/winning/", {}), 409)
    faults(program.post(f"opportunities/{deal.pk}/loss/", {}), 409)


def test_losing_says_why(program: Program) -> None:
    deal = Opportunity.open(make.lead(StageRole.SQL), by=program.person)
    assert list(faults(program.post(f"opportunities/{deal.pk}/loss/", {"reason": "nonsense"}))) == ["#/reason"]
    wordless = Reason.objects.offered(Reason.Kind.LOST).filter(needs_text=True).first()
    assert wordless
    assert list(faults(program.post(f"opportunities/{deal.pk}/loss/", {"reason": wordless.key}))) == ["#/text"]
    said = program.post(f"opportunities/{deal.pk}/loss/", {"reason": wordless.key, "text": "They moved."}).json()
    assert (said["reason"], said["reason_text"]) == (wordless.key, "They moved.")


def test_an_opportunity_that_is_none_is_not_there(program: Program) -> None:
    for path in ("opportunities/1/winning/", "opportunities/1/loss/"):
        faults(program.post(path, {}), 404)
    faults(program.get("opportunities/1/"), 404)


def test_opportunities_cost_the_same_for_one_and_for_many(program: Program) -> None:
    Opportunity.open(make.lead(StageRole.SQL), by=program.person)
    program.get("opportunities/")
    with CaptureQueriesContext(connection) as one:
        program.get("opportunities/")
    for _n in range(5):
        Opportunity.open(make.lead(StageRole.SQL), by=program.person)
    with CaptureQueriesContext(connection) as many:
        assert len(program.get("opportunities/").json()["results"]) == 6
    assert len(many) == len(one) <= 3
