"""Pages of leads and companies: who may, what is kept of it, and what happens when somebody was first."""

from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from history.models import Change
from leads.models import Company, Lead
from leads.pages import views
from leads.registering.identities import Conflict
from teams.models import Role, User
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize("role", [Role.REP, Role.SDR])
def test_whoever_sells_and_writes_a_lead_down_is_offered_to_own_it(role: Role) -> None:
    person = make.user(role)
    form = make.signed_in(person).get(reverse("lead_new")).context["form"]
    assert form["owner"].value() == person.pk


def test_a_marketer_s_lead_is_nobody_s_yet(mara: User, client: Client) -> None:
    assert client.get(reverse("lead_new")).context["form"]["owner"].value() is None


def test_a_new_lead_of_a_company_begins_with_its_name(mara: User, client: Client) -> None:
    assert client.get(reverse("lead_new"), {"company": "見本"}).context["form"]["company"].value() == "見本"


def test_a_lead_that_was_merged_is_not_edited(mara: User, client: Client) -> None:
    gone = make.lead(merged_into=make.lead(), merged_at=NOW)
    assert client.get(reverse("lead_edit", args=[gone.pk])).status_code == 404


def test_saving_without_a_change_says_so_and_writes_nothing(mara: User, client: Client) -> None:
    lead = make.lead(email="a@x.example", title="CTO")
    answer = client.post(reverse("lead_edit", args=[lead.pk]), {"email": "a@x.example", "title": "CTO"})
    assert told(answer) == ["Nothing was changed."]
    assert not Change.objects.exists()


def test_another_spelling_of_the_address_is_kept_as_typed(mara: User, client: Client) -> None:
    lead = make.lead(email="a@x.example")
    client.post(reverse("lead_edit", args=[lead.pk]), {"email": "A@X.example"})
    lead.refresh_from_db()
    assert lead.email == "A@X.example"


def test_what_the_record_refuses_is_told_and_no_company_is_left_behind(mara: User, client: Client) -> None:
    make.lead(email="taken@x.example")
    lead = make.lead(email="a@x.example")
    values = {"email": "taken@x.example", "company": "Mihon"}
    assert client.post(reverse("lead_edit", args=[lead.pk]), values).status_code == 422
    assert not Company.objects.exists()


def test_where_somebody_took_the_address_meanwhile_it_is_told_and_nothing_is_left_behind(
    mara: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, other = make.lead(email="a@x.example"), make.lead()

    def late(*args: Any, **kwargs: Any) -> Any:
        raise Conflict([lead, other])

    monkeypatch.setattr(views, "change", late)
    answer = client.post(reverse("lead_edit", args=[lead.pk]), {"email": "b@x.example", "company": "Mihon"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])
    assert not Company.objects.exists()


def test_a_company_that_is_known_by_its_name_is_updated_not_doubled(mara: User, client: Client) -> None:
    known = make.company(name="Mihon", industry="Food")
    answer = client.post(reverse("company_new"), {"name": "ＭＩＨＯＮ", "employees": "12"})
    known.refresh_from_db()
    assert answer["Location"] == reverse("company", args=[known.pk])
    assert (known.name, known.employees, known.industry) == ("Mihon", 12, "Food")


def test_emptying_a_company_s_value_is_a_change(mara: User, client: Client) -> None:
    company = make.company(name="Mihon", industry="Food", employees=5)
    client.post(reverse("company_edit", args=[company.pk]), {"name": "Mihon", "employees": "5"})
    company.refresh_from_db()
    assert company.industry == ""
    kept = Change.objects.get()
    assert (kept.subject, kept.field, kept.old, kept.new, kept.by, kept.how) == (
        "company", "industry", "Food", "", mara, "page",
    )  # fmt: skip


def test_a_company_s_leads_are_counted_without_the_merged(mara: User, client: Client) -> None:
    company = make.company()
    kept = make.lead(company=company)
    make.lead(company=company, merged_into=kept, merged_at=NOW)
    (row,) = client.get(reverse("companies")).context["page"].rows
    assert row.lead_count == 1


def test_companies_without_employees_come_last_when_sorted_by_them(mara: User, client: Client) -> None:
    for name, employees in (("none", None), ("few", 3), ("many", 300)):
        make.company(name=name, employees=employees)
    rows = client.get(reverse("companies"), {"sort": "employees"}).context["page"].rows
    assert [row.name for row in rows] == ["many", "few", "none"]


def test_a_sort_that_is_none_is_the_first(mara: User, client: Client) -> None:
    assert client.get(reverse("companies"), {"sort": "shoe"}).context["sort"].name == "newest"


@pytest.mark.parametrize("typed", ["", "  "])
def test_nothing_typed_offers_no_company(mara: User, client: Client, typed: str) -> None:
    make.company(name="Mihon")
    assert "Mihon" not in client.get(reverse("company_names"), {"company": typed}).content.decode()


def test_ten_companies_are_offered_by_name(mara: User, client: Client) -> None:
    for number in range(12):
        make.company(name=f"Mihon {11 - number:02}")
    offered = client.get(reverse("company_names"), {"company": "mihon"}).context["companies"]
    assert [company.name for company in offered] == [f"Mihon {number:02}" for number in range(10)]


def test_names_of_companies_are_text(mara: User, client: Client) -> None:
    make.company(name='"><b>Mihon')
    page = client.get(reverse("company_names"), {"company": "mihon"}).content.decode()
    assert "<b>" not in page
    assert "<b>Mihon" in unescape(page)


@pytest.mark.parametrize("name", ["lead_new", "company_new", "company_names"])
def test_whoever_neither_markets_nor_sells_writes_nothing_down(name: str) -> None:
    assert make.signed_in(make.user(Role.ADMINISTRATOR)).get(reverse(name)).status_code == 403


def test_a_page_of_what_is_not_there_is_not_there(mara: User, client: Client) -> None:
    for name in ("lead_edit", "company_edit"):
        assert client.get(reverse(name, args=[12345])).status_code == 404


def test_pages_speak_the_reader_s_language(mara: User, client: Client) -> None:
    lead = make.lead(email="a@x.example")
    answer = client.post(
        reverse("lead_edit", args=[lead.pk]), {"email": "a@x.example"}, headers={"accept-language": "ja"}
    )
    assert told(answer) == ["変更はありませんでした。"]
    assert Lead.objects.get() == lead
