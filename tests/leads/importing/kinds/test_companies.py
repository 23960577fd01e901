"""Companies that a file brings."""

from __future__ import annotations

from typing import Any

import pytest

from history.models import Change
from leads.models import (
    Company,
    CompanyIdentity,
    Lead,
    PendingReevaluation,
)
from leads.registering.registration import register
from leads.registering.searching import search
from tests import make
from tests.leads.importing.importing import bring, counts, reasons

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM


def test_companies_are_known_by_their_id_then_by_their_name() -> None:
    mapping = {"cid": "external_id", "firm": "name", "size": "employees"}
    text = "cid,firm,size\n1,㈱見本,10\n2,Sample,20\n"
    assert bring("companies", text, mapping)[1] == counts(created=2)
    assert bring("companies", text, mapping)[1] == counts(unchanged=2)
    assert bring("companies", "cid,firm,size\n1,見本ホールディングス,\n", mapping)[1] == counts(updated=1)
    assert Company.objects.get(employees=10).name == "見本ホールディングス"
    assert Change.objects.get().field == "name"
    # The same name under another id of the same system is another company.
    assert bring("companies", "cid,firm,size\n3,Sample,5\n", mapping)[1] == counts(created=1)


def test_leads_of_one_company_share_it() -> None:
    mapping = {"mail": "email", "cid": "company.external_id", "firm": "company.name", "field": "company.industry"}
    text = "mail,cid,firm,field\na@x.example,1,Mihon,\nb@x.example,1,Mihon,retail\n"
    text += "c@x.example,,(mihon),\nd@x.example,,MIHON,\n"
    assert bring("leads", text, mapping)[1] == counts(created=4)
    assert Company.objects.count() == 2
    company = Company.objects.get(industry="retail")
    assert company.leads.count() == 3


def test_a_company_that_changes_marks_all_its_leads() -> None:
    lead, _ = register({"email": "old@x.example", "company.name": "Mihon"}, at=NOW)
    PendingReevaluation.objects.all().delete()
    bring("companies", "firm,size\nmihon,5000\n", {"firm": "name", "size": "employees"})
    assert set(PendingReevaluation.objects.values_list("lead_id", flat=True)) == {lead.pk}


def firm(text: str, *, cid: bool = False, **how: Any) -> dict[str, int]:
    mapping = {"firm": "name", "site": "domain", "size": "employees"} | ({"cid": "external_id"} if cid else {})
    return bring("companies", text, mapping, **how)[1]


def test_a_name_counts_before_a_domain() -> None:
    mihon = make.company(name="Mihon", domain="x.example")
    assert firm("firm,site,size\nRei,x.example,5\n") == counts(created=1)
    assert firm("firm,site,size\n,www.X.example,7\n") == counts(updated=1)
    mihon.refresh_from_db()
    assert mihon.employees == 7


def test_of_several_of_one_name_the_first_is_meant() -> None:
    first, second = make.company(name="Mihon"), make.company(name="mihon")
    firm("firm,site,size\nMIHON,,5\n")
    assert [Company.objects.get(pk=each.pk).employees for each in (first, second)] == [5, None]


def test_a_name_that_the_system_knows_by_another_id_is_another_company() -> None:
    firm("cid,firm,site,size\n1,Mihon,,5\n", cid=True)
    assert firm("cid,firm,site,size\n2,Mihon,,6\n", cid=True) == counts(created=1)
    # Another system does not know it yet: it is the same one.
    assert firm("cid,firm,site,size\n9,Mihon,,7\n", cid=True, system="shop") == counts(updated=1)
    assert list(Company.objects.order_by("pk").values_list("employees", flat=True)) == [7, 6]


def test_a_company_without_a_name_is_called_by_its_domain_else_by_its_id() -> None:
    firm("cid,firm,site,size\n1,,x.example,\n2,,,\n", cid=True)
    assert set(Company.objects.values_list("name", "domain")) == {("x.example", "x.example"), ("2", "")}


def test_rows_of_one_company_are_one_company() -> None:
    assert firm("firm,site,size\nMihon,,5\nＭＩＨＯＮ,x.example,\n") == counts(created=1, unchanged=1)
    made = Company.objects.get()
    assert (made.name, made.domain, made.employees, made.created_at) == ("ＭＩＨＯＮ", "x.example", 5, NOW)


@pytest.mark.parametrize("size", ["many", "-1", "99999999999"])
def test_a_size_that_is_none_is_left_empty(size: str) -> None:
    assert firm(f"firm,site,size\nMihon,,{size}\nRei,,5\n") == counts(created=2)
    assert Company.objects.get(name="Mihon").employees is None


def test_a_row_that_names_no_company_is_rejected() -> None:
    made, told = bring("companies", "firm,size\n,5\n", {"firm": "name", "size": "employees"})
    assert told == counts(rejected=1)
    assert "neither a name nor an external id nor a domain" in reasons(made)[0][1][0]


def test_of_a_rejected_lead_its_company_does_not_come_in() -> None:
    register({"email": "a@x.example"}, at=NOW)
    register({"family_name": "B"}, identities=[("crm", "7")], at=NOW)
    mapping = {"id": "external_id", "mail": "email", "firm": "company.name"}
    assert bring("leads", "id,mail,firm\n7,a@x.example,Mihon\n", mapping)[1] == counts(rejected=1)
    assert not Company.objects.exists()


def test_a_lead_that_changes_its_company_keeps_the_former_in_history() -> None:
    former = make.company(name="Rei")
    make.lead(email="a@x.example", company=former)
    bring("leads", "mail,firm\na@x.example,Mihon\n", {"mail": "email", "firm": "company.name"})
    kept = Change.objects.get(field="company")
    assert (kept.old, kept.new) == (former.pk, Company.objects.get(name="Mihon").pk)


def test_merged_leads_of_a_company_are_not_evaluated_anew() -> None:
    company = make.company(name="Mihon")
    lead = make.lead(company=company)
    make.lead(company=company, merged_into=lead, merged_at=NOW)
    firm("firm,site,size\nMihon,,5\n")
    assert list(PendingReevaluation.objects.values_list("lead", "news_at")) == [(lead.pk, None)]


def test_a_renamed_company_finds_its_leads_by_the_new_name() -> None:
    firm("cid,firm,site,size\n1,Mihon,,\n", cid=True)
    lead, _ = register({"email": "a@x.example", "company.name": "Mihon"}, at=NOW)
    firm("cid,firm,site,size\n1,未来商事,,\n", cid=True)
    assert list(search(Lead.objects.all(), "未来商事")) == [lead]


def test_companies_whose_id_says_nothing_are_known_by_their_names() -> None:
    assert firm("cid,firm,site,size\n0,Mihon,,5\n0,Rei,,6\n", cid=True) == counts(created=2)
    assert not CompanyIdentity.objects.exists()
