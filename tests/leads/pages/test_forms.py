"""What people type about leads and companies."""

from typing import Any

import pytest

from leads.models import Company, Lead
from leads.pages.forms import CompanyForm, LeadForm
from leads.registering.registration import register
from tests import make

pytestmark = pytest.mark.django_db


def typed(subject: Lead | None = None, **fields: Any) -> LeadForm:
    return LeadForm({"email": "aya@x.example"} | fields, subject=subject)


def test_an_address_of_another_lead_is_told_with_its_name() -> None:
    make.lead(email="aya@x.example", given_name="Aya", family_name="Nakamura")
    (text,) = typed(email="AYA@x.example ").errors["email"]
    assert text.startswith("Aya Nakamura already has this address.")


def test_one_s_own_address_is_no_other_s() -> None:
    lead = make.lead(email="aya@x.example")
    assert typed(lead, email="AYA@X.example").is_valid()


def test_an_address_that_a_merged_lead_had_is_that_of_who_it_became() -> None:
    kept = make.lead(email="new@x.example")
    kept.identities.create(system="e-mail", external_id="aya@x.example")
    assert "email" in typed().errors
    assert typed(kept).is_valid()


def test_a_new_lead_needs_an_address_and_one_with_an_id_of_another_system_does_not() -> None:
    assert "email" in typed(email=" ").errors
    lead = make.lead(email="")
    assert "email" in typed(lead, email="").errors
    lead.identities.create(system="crm", external_id="1")
    assert typed(lead, email="").is_valid()


def test_an_address_that_is_wrong_is_told_once() -> None:
    assert len(typed(email="nobody").errors["email"]) == 1


@pytest.mark.parametrize(("length", "valid"), [(80, True), (81, False)])
def test_a_name_is_as_long_as_it_is_kept(length: int, valid: bool) -> None:
    assert typed(family_name="中" * length).is_valid() is valid


def test_a_company_that_is_not_known_is_made_when_the_values_are_taken() -> None:
    form = typed(company=" Mihon ")
    assert form.is_valid()
    assert not Company.objects.exists()
    assert form.values()["company"] == Company.objects.get(name="Mihon")


def test_of_several_companies_of_one_name_a_lead_keeps_its_own() -> None:
    make.company(name="Mihon")
    own = make.company(name="ＭＩＨＯＮ")
    form = typed(make.lead(email="aya@x.example", company=own), company="mihon")
    assert form.is_valid()
    assert form.values()["company"] == own


def test_a_company_whose_name_is_emptied_is_none() -> None:
    form = typed(make.lead(email="aya@x.example", company=make.company()), company="  ")
    assert form.is_valid()
    assert form.values()["company"] is None


def test_a_form_begins_with_the_name_of_the_company() -> None:
    lead = make.lead(company=make.company(name="見本"), title="CTO")
    form = LeadForm(subject=lead)
    assert (form["company"].value(), form["title"].value()) == ("見本", "CTO")
    assert LeadForm(subject=make.lead())["company"].value() is None


def test_whoever_left_cannot_be_made_an_owner() -> None:
    gone = make.user(is_active=False)
    assert "owner" in typed(owner=gone.pk).errors
    assert "owner" in CompanyForm({"name": "Mihon", "owner": gone.pk}).errors


@pytest.mark.parametrize("consent", ["maybe", "GIVEN"])
def test_consent_is_one_of_three(consent: str) -> None:
    assert "consent" in typed(consent=consent).errors
    assert typed(consent="").is_valid()


def test_what_a_form_gives_is_what_registration_takes() -> None:
    form = typed(title="CTO", consent="given")
    assert form.is_valid()
    lead, is_new = register(form.values(), at=make.MONDAY_9AM)
    assert (is_new, lead.title, lead.consent) == (True, "CTO", "given")


# ---- Companies


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("employees", "-1"),
        ("employees", "2000000001"),
        ("employees", "1.5"),
        ("revenue", "-0.01"),
        ("revenue", "0.001"),
        ("revenue", "1e17"),
        ("domain", "x" * 121),
    ],
)
def test_a_company_s_values_have_their_bounds(field: str, wrong: str) -> None:
    assert list(CompanyForm({"name": "Mihon"} | {field: wrong}).errors) == [field]


def test_a_company_of_nobody_and_nothing_is_a_company() -> None:
    form = CompanyForm({"name": "Mihon", "employees": "0", "revenue": "0"})
    assert form.is_valid()
    values = form.values()
    assert (values["employees"], values["revenue"], values["owner"]) == (0, 0, None)
