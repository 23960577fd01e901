"""The page of one company: its leads by stage, what was won, what is known of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from dashboards.lead.company_views import custom_of, stages_of, won_of
from funnel.models import StageRole
from history.models import Change
from leads.models import Company, CustomField
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


@pytest.fixture
def acme() -> Company:
    return make.company(name="北浜食品")


def shown(client: Client, company: Company, **asked: str):
    response = client.get(reverse("company", args=[company.pk]), asked)
    assert response.status_code == 200
    return response


def test_leads_stand_by_stage_the_latest_stage_first(acme: Company):
    first, second = make.lead(StageRole.LEAD, company=acme), make.lead(StageRole.LEAD, company=acme)
    won = make.lead(StageRole.CUSTOMER, company=acme)
    make.lead(StageRole.CUSTOMER, company=make.company())
    make.lead(company=acme)
    assert [(stage.role, leads) for stage, leads in stages_of(acme)] == [("customer", [won]), ("lead", [second, first])]


def test_who_left_the_funnel_or_became_another_stands_nowhere(acme: Company):
    kept, gone = make.lead(StageRole.MQL, company=acme), make.lead(StageRole.MQL, company=acme)
    merged = make.lead(StageRole.MQL, company=acme, merged_into=kept, merged_at=AT)
    type(gone.journey).objects.filter(lead=gone).update(closed_at=AT, closed_as="disqualified")
    ((_stage, leads),) = stages_of(acme)
    assert leads == [kept]
    assert merged not in leads


def test_amounts_of_two_currencies_are_not_added(acme: Company):
    lead = make.lead(company=acme)
    for amount, currency in ((100, "JPY"), (50, "JPY"), (7, "EUR")):
        make.opportunity(lead, amount=amount, currency=currency, opened_at=AT, won_at=AT)
    make.opportunity(lead, amount=1000, currency="JPY", opened_at=AT)
    make.opportunity(lead, amount=1000, currency="JPY", opened_at=AT, lost_at=AT)
    make.opportunity(amount=1000, currency="JPY", opened_at=AT, won_at=AT)
    assert won_of(acme) == [{"currency": "EUR", "total": Decimal(7)}, {"currency": "JPY", "total": Decimal(150)}]


def test_a_company_that_bought_nothing_won_nothing(acme: Company):
    assert won_of(acme) == []


def test_fields_of_one_s_own_are_shown_where_they_say_something(acme: Company):
    for key in ("size", "motto", "rank"):
        make.custom_field(key, subject=CustomField.Subject.COMPANY)
    make.custom_field("tier", subject=CustomField.Subject.LEAD)
    acme.custom = {"size": 0, "motto": "", "tier": "gold", "gone": "x"}
    assert [(field.key, value) for field, value in custom_of(acme)] == [("size", 0)]


def test_the_page_lists_leads_with_their_last_activity_that_happened(mara: User, client: Client, acme: Company):
    lead = make.lead(company=acme)
    make.activity(lead, "call", AT)
    make.activity(lead, "call", now() + timedelta(days=1))
    (row,) = shown(client, acme).context["page"].rows
    assert row.last_activity_at == AT


def test_the_page_shows_deals_and_changes_of_this_company(mara: User, client: Client, acme: Company):
    deal = make.opportunity(make.lead(company=acme), name="Line 3", opened_at=AT)
    make.opportunity(name="Elsewhere", opened_at=AT)
    Change.objects.write("company", acme.pk, {"industry": ("", "食品")}, at=AT)
    context = shown(client, acme).context
    assert list(context["deals"]) == [deal]
    assert [line.new for line in context["changes"]] == ["食品"]


@pytest.mark.parametrize("role", Role)
def test_everybody_opens_a_company(role: Role, acme: Company):
    assert make.signed_in(make.user(role)).get(reverse("company", args=[acme.pk])).status_code == 200


def test_an_empty_company_has_a_page_in_both_languages(acme: Company):
    for language in ("en", "ja"):
        browser = make.signed_in(make.user(Role.REP, language=language))
        assert "北浜食品" in shown(browser, acme).content.decode()


def test_a_company_that_is_not_there_is_404(mara: User, client: Client):
    assert client.get(reverse("company", args=[404])).status_code == 404


def test_ten_leads_cost_as_many_queries_as_one(mara: User, client: Client, acme: Company):
    def fill(leads: int) -> None:
        for _ in range(leads):
            lead = make.lead(StageRole.MQL, company=acme, owner=make.user(Role.REP))
            make.score(lead)
            make.opportunity(lead, owner=make.user(Role.REP), opened_at=AT, won_at=AT)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            shown(client, acme)
        return len(asked)

    fill(1)
    shown(client, acme)
    few = queries()
    fill(9)
    assert queries() == few
