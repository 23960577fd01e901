"""Writing down leads, companies, campaigns, and what an administrator keeps."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from history.models import Change
from leads.models import ActivityKind, Campaign, Company, CustomField, Lead
from teams.models import Role, User
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam(client: Client) -> User:
    adam = make.user(Role.ADMINISTRATOR)
    client.force_login(adam)
    return adam


def test_a_lead_is_written_down_with_a_new_company_and_our_own_fields(mara, client) -> None:
    make.custom_field("lines", "number"), make.custom_field("since", "date"), make.custom_field("sap", "boolean")
    response = client.post(
        reverse("lead_new"),
        {
            "email": "ａｙａ@kitahama.example",
            "family_name": "中村",
            "company": "北浜食品",
            "owner": mara.pk,
            "custom.lines": "4",
            "custom.since": "2020-04-01",
            "custom.sap": "false",
        },
    )
    lead = Lead.objects.get()
    assert response["Location"] == reverse("lead", args=[lead.pk])
    assert (lead.email, str(lead.company), lead.owner) == ("aya@kitahama.example", "北浜食品", mara)
    assert lead.custom == {"lines": 4, "since": "2020-04-01", "sap": False}


def test_an_address_that_is_taken_is_said_at_the_field_and_nothing_typed_is_lost(mara, client) -> None:
    make.lead(email="aya@example.org", family_name="Nakamura", given_name="Aya")
    response = client.post(reverse("lead_new"), {"email": "AYA@example.org", "title": "CTO", "company": "New Ltd"})
    text = unescape(response.content.decode())
    assert response.status_code == 422
    assert "Aya Nakamura already has this address." in text
    assert 'value="CTO"' in text
    assert not Company.objects.exists()


@pytest.mark.parametrize("email", ["", "nobody", "a b@example.org"])
def test_a_lead_needs_an_address(mara, client, email: str) -> None:
    response = client.post(reverse("lead_new"), {"email": email, "family_name": "x"})
    assert response.status_code == 422
    assert response.context["form"].errors["email"]


def test_who_has_an_external_id_needs_no_address(mara, client) -> None:
    lead = make.lead(email="")
    lead.identities.create(system="crm", external_id="1")
    assert client.post(reverse("lead_edit", args=[lead.pk]), {"family_name": "x"}).status_code == 302


def test_editing_keeps_what_was_and_who_changed_it(mara, client) -> None:
    make.custom_field("lines", "number")
    company = make.company(name="Kakuu")
    lead = make.lead(email="a@example.org", title="CTO", company=company, custom={"lines": 3, "legacy": "x"})
    make.company(name="Kakuu")
    client.post(
        reverse("lead_edit", args=[lead.pk]),
        {"email": "a@example.org", "title": "", "company": "ｋａｋｕｕ", "custom.lines": "5"},
    )
    lead.refresh_from_db()
    assert (lead.title, lead.company, lead.custom) == ("", company, {"lines": 5, "legacy": "x"})
    changes = {change.field: (change.old, change.new, change.by) for change in Change.objects.all()}
    assert changes == {"title": ("CTO", "", mara), "custom.lines": (3, 5, mara)}


def test_a_company_that_is_renamed_keeps_its_past(mara, client) -> None:
    company = make.company(name="Old", employees=5)
    client.post(reverse("company_edit", args=[company.pk]), {"name": "New", "employees": "7"})
    company.refresh_from_db()
    assert (company.name, company.employees) == ("New", 7)
    text = client.get(reverse("company", args=[company.pk])).content.decode()
    assert "Old" in text


def test_companies_cost_the_same_queries_for_one_and_ten(mara, client, django_assert_max_num_queries) -> None:
    make.lead(company=make.company())
    client.get(reverse("companies"))
    with django_assert_max_num_queries(8) as one:
        client.get(reverse("companies"))
    for _ in range(9):
        make.lead(company=make.company())
    with django_assert_max_num_queries(8) as ten:
        client.get(reverse("companies"))
    assert len(ten) == len(one)


def test_companies_are_found_narrowed_and_sorted(mara, client) -> None:
    make.company(name="株式会社カクウ", employees=10, industry="Food", country="日本")
    make.company(name="Northwind", employees=500, industry="Trade")

    def names(**asked: Any) -> list[str]:
        return [company.name for company in client.get(reverse("companies"), asked).context["page"].rows]

    assert names(q="かくう") == ["株式会社カクウ"]
    assert names(employees_from=100) == ["Northwind"]
    assert names(industry="foo") == ["株式会社カクウ"]
    assert names(country="日本") == ["株式会社カクウ"]
    assert names(sort="employees") == ["Northwind", "株式会社カクウ"]


def test_a_companys_leads_are_its_buying_group_by_stage(mara, client) -> None:
    company = make.company()
    make.lead(stage="mql", company=company, email="m@example.org")
    make.lead(stage="sql", company=company, email="s@example.org")
    make.lead(company=company, merged_into=make.lead(), merged_at=make.MONDAY_9AM)
    response = client.get(reverse("company", args=[company.pk]))
    stages = [(stage.role, [lead.email for lead in leads]) for stage, leads in response.context["stages"]]
    assert stages == [("sql", ["s@example.org"]), ("mql", ["m@example.org"])]
    assert response.context["page"].count == 2


def test_typing_a_company_offers_those_that_are_known(mara, client) -> None:
    make.company(name="Kakuu"), make.company(name="Northwind")
    text = client.get(reverse("company_names"), {"company": "ka"}).content.decode()
    assert "Kakuu" in text
    assert "Northwind" not in text


def test_a_campaign_is_written_and_ends_after_it_starts(mara, client) -> None:
    wrong = {"name": "Spring", "starts_on": "2026-05-01", "ends_on": "2026-04-01"}
    response = client.post(reverse("campaign_new"), wrong)
    assert response.status_code == 422
    assert response.context["form"].errors["ends_on"]
    client.post(reverse("campaign_new"), wrong | {"ends_on": ""})
    spring = Campaign.objects.get()
    make.lead(campaign=spring)
    assert client.get(reverse("campaign", args=[spring.pk])).context["lead_count"] == 1
    assert "Spring" in client.get(reverse("campaigns")).content.decode()
    assert client.post(reverse("campaign_edit", args=[spring.pk]), {"name": "Summer"}).status_code == 302


def test_a_custom_field_keeps_its_key_and_type(adam, client) -> None:
    client.post(
        reverse("custom_field_new"),
        {"name_en": "ERP", "subject": "lead", "key": "erp", "type": "choice", "choices": "SAP\nOracle\nSAP\n"},
    )
    field = CustomField.objects.get()
    assert field.choices == ["SAP", "Oracle"]
    client.post(
        reverse("custom_field_edit", args=[field.pk]),
        {"name_en": "System", "key": "other", "type": "text", "choices": "SAP"},
    )
    field.refresh_from_db()
    assert (field.name_en, field.key, field.type, field.choices) == ("System", "erp", "choice", ["SAP"])


def test_one_of_a_list_needs_the_list(adam, client) -> None:
    response = client.post(
        reverse("custom_field_new"), {"name_en": "ERP", "subject": "lead", "key": "erp", "type": "choice"}
    )
    assert response.status_code == 422
    assert response.context["form"].errors["choices"]


def test_a_key_is_given_once(adam, client) -> None:
    make.custom_field("erp")
    response = client.post(
        reverse("custom_field_new"), {"name_en": "ERP", "subject": "lead", "key": "erp", "type": "text"}
    )
    assert response.status_code == 422


def test_a_built_in_kind_is_renamed_but_neither_rekeyed_nor_retired(adam, client) -> None:
    call = ActivityKind.objects.get(key="call")
    client.post(reverse("activity_kind_edit", args=[call.pk]), {"name_en": "Phone call", "key": "x"})
    call.refresh_from_db()
    assert (call.name_en, call.key) == ("Phone call", "call")
    assert client.post(reverse("activity_kind_retirement", args=[call.pk])).status_code == 404


def test_a_kind_of_our_own_is_retired_and_used_again(adam, client) -> None:
    client.post(reverse("activity_kind_new"), {"name_en": "Plant visit", "key": "plant_visit"})
    visit = ActivityKind.objects.get(key="plant_visit")
    client.post(reverse("activity_kind_retirement", args=[visit.pk]))
    visit.refresh_from_db()
    assert visit.retired_at
    assert "retired" in client.get(reverse("activity_kinds")).content.decode()
    client.post(reverse("activity_kind_retirement", args=[visit.pk]))
    visit.refresh_from_db()
    assert visit.retired_at is None


@pytest.mark.parametrize("name", ["custom_fields", "activity_kinds"])
def test_settings_are_the_administrators(mara, client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 403
