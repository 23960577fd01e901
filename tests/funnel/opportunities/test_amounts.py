"""An amount has the decimals of its currency, by each way in and wherever it is shown: RULES, Money."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.translation import override

from funnel.models import DealStage, Opportunity, StageRole
from funnel.opportunities.ledger import disagreeing_deals
from history.models import Outbox
from leads.models import Lead
from metrics.period import Period
from metrics.question import Question
from metrics.registry import metric
from smarketing.currencies import CODES, decimals_of
from smarketing.pages.wording import money, money_exact
from teams.models import Organization, Role, User
from tests import make
from tests.api import Program
from tests.leads.importing.importing import bring
from tests.make import MONDAY_9AM, NOON, TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]


@pytest.fixture
def lead() -> Lead:
    return make.lead(StageRole.SQL, created_at=MONDAY_9AM)


@pytest.fixture
def rosa() -> User:
    return make.user(Role.MANAGER)


def by_program(lead: Lead, rosa: User, amount: str, currency: str) -> bool:
    said = {"lead": {"id": lead.pk}, "amount": amount, "currency": currency}
    return bool(Program(rosa).post("opportunities/", said).status_code == 201)


def by_page(lead: Lead, rosa: User, amount: str, currency: str) -> bool:
    typed = {"name": "Line", "kind": "new", "amount": amount, "currency": currency, "opened_on": ""}
    typed["stage"] = str(DealStage.objects.offered()[0].pk)
    answer = make.signed_in(rosa).post(reverse("opportunity_new", args=[lead.pk]), typed)
    return bool(answer.status_code == 302)


def by_file(lead: Lead, rosa: User, amount: str, currency: str) -> bool:
    columns = {"lead": "lead.email", "amount": "amount", "currency": "currency"}
    text = f"lead,amount,currency\n{lead.email},{amount},{currency}\n"
    return bring("opportunities", text, columns, decimal=".")[1]["created"] == 1


@pytest.mark.parametrize("way", [by_program, by_page, by_file])
@pytest.mark.parametrize(
    ("amount", "currency", "is_taken"),
    [
        ("1234.567", "KWD", True),
        ("0.001", "BHD", True),
        ("1.2345", "KWD", False),
        ("1.2345", "CLF", True),
        ("1.23", "USD", True),
        ("1.234", "USD", False),
        ("1.0", "JPY", True),
        ("1.5", "JPY", False),
        ("1.5", "KRW", False),
        ("1.25", "RSD", True),
    ],
)
def test_each_way_in_takes_the_decimals_that_the_currency_has(
    way, lead: Lead, rosa: User, amount: str, currency: str, is_taken: bool
) -> None:
    assert way(lead, rosa, amount, currency) == is_taken
    assert [deal.amount for deal in Opportunity.objects.all()] == ([Decimal(amount)] if is_taken else [])
    assert disagreeing_deals() == []


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [("1234.567", "KWD", "1,234.567"), ("12.34", "RSD", "12.34"), ("1234.5", "IRR", "1,234.50"), ("7", "JPY", "7")],
)
def test_no_digit_of_it_is_lost_where_it_is_shown(
    lead: Lead, rosa: User, amount: str, currency: str, written: str
) -> None:
    deal = Opportunity.open(lead, amount=Decimal(amount), currency=currency, opened_at=MONDAY_9AM, by=rosa)
    deal.refresh_from_db()
    for language in ("en", "ja"):
        with override(language):
            assert written in money_exact(deal.amount, currency)
            assert written in money(deal.amount, currency)
    page = make.signed_in(rosa).get(reverse("opportunity", args=[deal.pk])).content.decode()
    plain = f"{Decimal(amount):.{decimals_of(currency)}f}"
    assert f'value="{plain}"' in page
    assert Program(rosa).get(f"opportunities/{deal.pk}/").json()["amount"] == plain
    assert str(Outbox.objects.get(kind="opportunity.opened").payload["amount"]) == plain


@pytest.mark.parametrize(
    ("told", "status", "amount", "currency"),
    [
        ({"amount": "7.891"}, 200, "7.891", "KWD"),
        ({"amount": "7.8912"}, 400, "1.234", "KWD"),
        ({"currency": "JPY"}, 400, "1.234", "KWD"),
        ({"amount": "7", "currency": "JPY"}, 200, "7", "JPY"),
        ({"name": "Line 2"}, 200, "1.234", "KWD"),
    ],
)
@pytest.mark.parametrize("is_known_by_its_id", [True, False])
def test_what_a_program_leaves_out_is_that_of_the_deal(
    lead: Lead, rosa: User, told: dict[str, str], status: int, amount: str, currency: str, is_known_by_its_id: bool
) -> None:
    deal = Opportunity.open(
        lead, amount=Decimal("1.234"), currency="KWD", external_id="d1", opened_at=MONDAY_9AM, by=rosa
    )
    if is_known_by_its_id:
        answer = Program(rosa).post("opportunities/", {"lead": {"id": lead.pk}, "external_id": "d1"} | told)
    else:
        answer = Program(rosa).patch(f"opportunities/{deal.pk}/", told)
    assert answer.status_code == status, answer.content
    deal.refresh_from_db()
    assert (deal.amount, deal.currency) == (Decimal(amount), currency)


def test_a_sum_keeps_the_fils(lead: Lead) -> None:
    Organization.objects.update_or_create(pk=1, defaults={"currency": "KWD"})
    for amount in ("0.001", "1234.567"):
        deal = Opportunity.open(lead, name=amount, amount=Decimal(amount), currency="KWD", opened_at=MONDAY_9AM)
        deal.win(at=TEN)
    question = Question(Period.week_of(MONDAY_9AM), at=NOON)
    assert Decimal(str(metric("revenue").value(question).value)) == Decimal("1234.568")


def test_every_currency_has_an_exponent_of_iso_4217() -> None:
    assert {decimals_of(code) for code in CODES} == {0, 2, 3, 4}
    assert {code for code in CODES if decimals_of(code) == 3} == {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
