"""Which company is meant, what is kept of a change, and who is evaluated anew."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from history.models import Change
from leads.models import Company, CustomField, PendingReevaluation, SearchEntry
from leads.registering.companies import change_company, employer_in, register_company
from leads.registering.registration import register
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "again", "count"),
    [
        ({"name": "㈱見本商事"}, {"name": "(株)見本商事"}, 1),
        ({"name": "Mihon"}, {"name": " ＭＩＨＯＮ "}, 1),
        ({"name": "Mihon", "domain": "mihon.example"}, {"domain": "mihon.example"}, 1),
        # A name counts before a domain: two firms may share a domain.
        ({"name": "Mihon", "domain": "mihon.example"}, {"name": "Rei", "domain": "mihon.example"}, 2),
        ({"domain": "mihon.example"}, {"domain": "rei.example"}, 2),
        ({"domain": "mihon.co.jp"}, {"domain": "shop.mihon.co.jp"}, 1),
        ({"name": "Mihon", "domain": "mihon.example"}, {"domain": "a.shop.mihon.example"}, 1),
        # Suffixes at which anybody registers are nobody's.
        ({"domain": "mihon.co.jp"}, {"domain": "rei.co.jp"}, 2),
        ({"domain": "mihon.github.io"}, {"domain": "rei.github.io"}, 2),
        # As it is stored comes first; what was registered is not looked for below it.
        ({"domain": "shop.mihon.example"}, {"domain": "mihon.example"}, 2),
    ],
)
def test_a_company_is_known_by_its_name_else_by_its_domain(
    first: dict[str, Any], again: dict[str, Any], count: int
) -> None:
    one, other = register_company(first, at=NOW), register_company(again, at=NOW)
    assert Company.objects.count() == count
    assert (one == other) is (count == 1)


def test_of_several_companies_of_one_name_the_oldest_is_meant() -> None:
    oldest, _later = make.company(name="Mihon"), make.company(name="mihon")
    assert register_company({"name": "MIHON"}, at=NOW) == oldest


def test_a_company_without_a_name_is_called_by_its_domain() -> None:
    made = register_company({"domain": "mihon.example", "employees": 5}, at=NOW)
    assert made is not None
    assert (made.name, made.employees, made.created_at) == ("mihon.example", 5, NOW)


@pytest.mark.parametrize("values", [{}, {"name": " "}, {"name": "", "domain": ""}, {"employees": 5}])
def test_what_names_no_company_makes_none(values: dict[str, Any]) -> None:
    assert register_company(values, at=NOW) is None
    assert not Company.objects.exists()


def test_a_known_company_keeps_the_spelling_of_its_name_and_what_is_left_empty() -> None:
    register_company({"name": "Mihon", "industry": "food", "employees": 5}, at=NOW)
    gina = make.user()
    register_company({"name": "MIHON", "industry": "", "employees": 7}, by=gina, how="api", at=NOW + timedelta(days=1))
    company = Company.objects.get()
    assert (company.name, company.industry, company.employees) == ("Mihon", "food", 7)
    kept = Change.objects.get()
    assert (kept.subject, kept.subject_id, kept.field) == ("company", company.pk, "employees")
    assert (kept.old, kept.new, kept.by, kept.how) == (5, 7, gina, "api")


def test_a_refused_value_names_its_attribute_and_nothing_is_written() -> None:
    with pytest.raises(ValidationError) as wrong:
        register_company({"name": "Mihon", "employees": "many", "shoe": 1, "custom.rank": 1}, at=NOW)
    assert set(wrong.value.message_dict) == {"employees", "shoe", "custom.rank"}
    assert not Company.objects.exists()


def test_its_own_attributes_are_those_of_companies() -> None:
    make.custom_field("rank", "number", subject=CustomField.Subject.COMPANY)
    made = register_company({"name": "Mihon", "custom.rank": "3"}, at=NOW)
    assert made is not None
    assert made.custom == {"rank": 3}


def test_a_lead_s_company_stands_for_the_values_that_describe_it() -> None:
    values = employer_in({"title": "Buyer", "company.name": "Mihon"}, by=None, how="", at=NOW)
    assert values == {"title": "Buyer", "company": Company.objects.get()}


def test_a_company_that_is_given_is_not_described_over() -> None:
    mihon = make.company(name="Mihon")
    assert employer_in({"company": mihon, "company.name": "Rei"}, by=None, how="", at=NOW) == {"company": mihon}
    assert employer_in({"title": "Buyer"}, by=None, how="", at=NOW) == {"title": "Buyer"}


def test_what_is_refused_of_a_lead_s_company_is_told_there() -> None:
    with pytest.raises(ValidationError) as wrong:
        register({"email": "a@mihon.example", "company.name": "Mihon", "company.custom.rank": 1}, at=NOW)
    assert set(wrong.value.message_dict) == {"company.custom.rank"}


def test_the_employer_is_found_by_its_name_and_updated() -> None:
    register({"email": "a@mihon.example", "company.name": "㈱見本商事"}, at=NOW)
    lead, _ = register({"email": "b@mihon.example", "company.name": "(株)見本商事", "company.employees": 120}, at=NOW)
    assert Company.objects.get().employees == 120
    assert lead.company == Company.objects.get()


def test_a_company_that_changes_marks_its_leads_and_is_found_by_its_new_name() -> None:
    lead, _ = register({"email": "a@mihon.example", "company.name": "Mihon"}, at=NOW)
    PendingReevaluation.objects.all().delete()
    assert lead.company is not None
    changes = change_company(lead.company, {"name": "Rei", "employees": 5000}, at=NOW)
    assert changes == {"name": ("Mihon", "Rei"), "employees": (None, 5000)}
    assert PendingReevaluation.objects.get().lead_id == lead.pk
    assert "rei" in SearchEntry.objects.get(lead=lead).text


def test_of_a_quiet_change_its_leads_hear_without_news() -> None:
    company = make.company(name="Mihon")
    lead, gone = make.lead(company=company), make.lead(company=company, merged_into=make.lead(), merged_at=NOW)
    change_company(company, {"employees": 7}, at=NOW, news=False)
    assert list(PendingReevaluation.objects.values_list("lead", "news_at")) == [(lead.pk, None)]
    assert gone.pk not in PendingReevaluation.objects.values_list("lead", flat=True)


def test_an_equal_value_is_no_change() -> None:
    company = make.company(name="Mihon", employees=7)
    make.lead(company=company)
    assert change_company(company, {"employees": 7, "name": "Mihon"}, at=NOW) == {}
    assert not PendingReevaluation.objects.exists()
    assert not Change.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_who_name_one_new_company_at_once_make_it_once() -> None:
    start = Barrier(8)

    def come(n: int) -> None:
        try:
            start.wait()
            register_company({"name": "Mihon" if n % 2 else "ＭＩＨＯＮ", "employees": n + 1}, at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(8)))
    assert Company.objects.count() == 1
    assert Change.objects.filter(field="employees").count() == 7


def test_a_company_that_moves_to_another_domain_is_found_by_it() -> None:
    lead, _ = register({"email": "a@x.example", "company.name": "Mihon", "company.domain": "old.example"}, at=NOW)
    assert lead.company is not None
    change_company(lead.company, {"domain": "mihon.example"}, at=NOW)
    assert "mihon.example" in SearchEntry.objects.get(lead=lead).text
