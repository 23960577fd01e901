"""Opportunities, opened and decided by programs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from funnel.models import DealStage, Journey, Opportunity, Reason, StageRole
from funnel.opportunities.ledger import disagreeing_deals
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
        "kind": "new",
        "amount": "1200000.00",
        "currency": "JPY",
        "opened_at": (now() - timedelta(hours=2)).isoformat(),
        "expected_close_on": "2027-01-31",
    }
    answer = program.post("opportunities/", said)
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["lead"], made["amount"], made["owner"]) == (lead.pk, "1200000", program.person.email)
    assert made["expected_close_on"] == "2027-01-31"
    assert Journey.objects.get(lead=lead).stage.role == "opportunity"
    assert program.get(f"opportunities/{made['id']}/").json() == made
    assert program.get("opportunities/", lead=lead.pk).json() == {"results": [made], "next": None}


def test_an_up_sell_takes_its_lead_nowhere(program: Program) -> None:
    lead = make.lead(StageRole.SQL)
    made = program.post("opportunities/", {"lead": {"email": lead.email}, "kind": "up_sell"}).json()
    assert made["kind"] == "up_sell"
    program.post(f"opportunities/{made['id']}/winning/", {})
    assert Journey.objects.get(lead=lead).stage.role == "sql"


def test_an_amount_without_its_currency_has_no_more_decimals_than_that_of_the_company(program: Program) -> None:
    lead = make.lead(StageRole.SQL)
    answer = program.post("opportunities/", {"lead": {"email": lead.email}, "amount": "1000.5"})
    assert list(faults(answer, 400)) == ["#/amount"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "#/lead"),
        ({"lead": {"email": "nobody@example.org"}}, "#/lead"),
        ({"lead": {"id": 10**30}}, "#/lead/id"),
        ({"lead": {"id": 1}, "amount": "-1"}, "#/amount"),
        ({"lead": {"id": 1}, "amount": "1e30"}, "#/amount"),
        ({"lead": {"id": 1}, "amount": "NaN"}, "#/amount"),
        ({"lead": {"id": 1}, "amount": "1000.5", "currency": "JPY"}, "#/amount"),
        ({"lead": {"id": 1}, "currency": "yen"}, "#/currency"),
        ({"lead": {"id": 1}, "currency": "XYZ"}, "#/currency"),
        ({"lead": {"id": 1}, "stage": "nowhere"}, "#/stage"),
        ({"lead": {"id": 1}, "opened_at": "2099-01-01T00:00:00Z"}, "#/opened_at"),
        ({"lead": {"id": 1}, "opened_at": "1800-01-01T00:00:00Z"}, "#/opened_at"),
        ({"lead": {"id": 1}, "owner": "nobody@example.org"}, "#/owner"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_wrong(program: Program, said: dict[str, object], pointer: str) -> None:
    assert list(faults(program.post("opportunities/", said))) == [pointer]
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize(
    "same",
    [
        {"name": "Line 3", "opened_at": "2026-01-05T09:00:00Z"},
        # A day is every moment of it.
        {"name": "Line 3", "opened_at": "2026-01-05T00:00:00+09:00"},
        {"name": "Line 3"},
        {},
        {"name": "Line 3", "system": "crm", "external_id": "7"},
    ],
)
def test_the_same_deal_twice_is_one(program: Program, same: dict[str, str]) -> None:
    said = {"lead": {"id": make.lead(StageRole.SQL).pk}, "amount": "100"} | same
    first = program.post("opportunities/", said)
    again = program.post("opportunities/", said | {"amount": "250", "stage": "proposal"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"amount": "250", "stage": "proposal"}
    assert list(Opportunity.objects.get().steps.values_list("what", "how")) == [
        ("opened", "api"), ("changed", "api"), ("moved", "api"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Line 4", "opened_at": "2026-01-05T09:00:00Z"},
        {"name": "Line 3", "opened_at": "2026-01-05T09:00:01Z"},
        {"name": "Line 3", "opened_at": "2026-01-06T00:00:00+09:00"},
        {"name": "Line 3"},
        {"name": "Line 3", "opened_at": "2026-01-05T09:00:00Z", "external_id": "7"},
    ],
)
def test_another_name_opening_or_id_is_another_deal(program: Program, other: dict[str, str]) -> None:
    said = {"lead": {"id": make.lead(StageRole.SQL).pk}}
    for body in ({"name": "Line 3", "opened_at": "2026-01-05T09:00:00Z"}, other):
        assert program.post("opportunities/", said | body).status_code == 201


def test_an_external_id_names_one_deal_of_one_lead(program: Program) -> None:
    one, other = make.lead(StageRole.SQL), make.lead(StageRole.SQL)
    known = {"system": "crm", "external_id": "7"}
    made = program.post("opportunities/", {"lead": {"id": one.pk}, **known}).json()
    assert (made["system"], made["external_id"]) == ("crm", "7")
    faults(program.post("opportunities/", {"lead": {"id": other.pk}, **known}), 409)
    assert program.post("opportunities/", {"lead": {"id": other.pk}, **known, "system": "erp"}).status_code == 201


def test_what_changes_is_history_and_what_is_null_is_emptied(program: Program) -> None:
    deal = Opportunity.open(
        make.lead(StageRole.SQL),
        name="Line",
        amount=Decimal(100),
        expected_close_on=date(2027, 1, 31),
        by=program.person,
    )
    said = program.patch(
        f"opportunities/{deal.pk}/", {"amount": "120", "stage": "negotiation", "name": "Line 2"}
    ).json()
    assert (said["amount"], said["stage"], said["name"]) == ("120", "negotiation", "Line 2")
    nothing = {"amount": None, "expected_close_on": None, "owner": None, "name": None}
    said = program.patch(f"opportunities/{deal.pk}/", nothing).json()
    assert {name: said[name] for name in nothing} == nothing | {"name": ""}
    whats = list(deal.steps.values_list("what", flat=True))
    assert (whats, disagreeing_deals()) == (["opened", "moved", "changed", "changed"], [])


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"amount": "1.5"}, "#/amount"),
        ({"currency": None}, "#/currency"),
        ({"kind": None}, "#/kind"),
        ({"stage": None}, "#/stage"),
        ({"won_at": "2026-01-01T00:00:00Z"}, "#/won_at"),
    ],
)
def test_what_may_not_be_said_of_a_deal_changes_nothing(
    program: Program, said: dict[str, object], pointer: str
) -> None:
    deal = Opportunity.open(make.lead(StageRole.SQL), amount=Decimal(100), by=program.person)
    assert list(faults(program.patch(f"opportunities/{deal.pk}/", said))) == [pointer]
    assert deal.steps.count() == 1


def test_a_decided_deal_is_moved_no_more_and_is_opened_again(program: Program) -> None:
    deal = Opportunity.open(make.lead(StageRole.SQL), by=program.person)
    faults(program.post(f"opportunities/{deal.pk}/reopening/", {}), 409)
    program.post(f"opportunities/{deal.pk}/winning/", {})
    faults(program.patch(f"opportunities/{deal.pk}/", {"stage": "decision"}), 409)
    said = program.post(f"opportunities/{deal.pk}/reopening/", {"because": "Cancelled"}).json()
    assert (said["won_at"], bool(said["reopened_at"])) == (None, True)
    assert deal.steps.get(what="reopened").text == "Cancelled"


def test_the_stages_of_deals_are_listed_in_their_order(program: Program) -> None:
    DealStage.objects.filter(key="proposal").update(retired_at=now())
    assert [stage["key"] for stage in program.get("deal-stages/").json()] == ["discovery", "negotiation", "decision"]


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
    # The last one is the log: who read data of people by a token.
    assert len(many) == len(one) <= 4
