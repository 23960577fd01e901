"""Attributes that a file gives to records that are there already."""

from __future__ import annotations

from datetime import timedelta

import pytest

from history.models import Change
from leads.importing.engine.attributes import Attribute, staged
from leads.models import Company, CustomField, Lead
from tests import make
from tests.leads.importing.importing import bring, counts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
TITLES = {"mail": "email", "title": "title", "phone": "phone"}


def test_an_attribute_is_given_by_the_staging_column_of_its_name() -> None:
    assert staged("title") == Attribute("title", "title", 's."title"')
    assert staged("owner", "owner_id") == Attribute("owner", "owner_id", 's."owner_id"')


def test_only_what_is_given_and_differs_is_a_change() -> None:
    sql = staged("title").is_changed
    assert sql == '(s."title" IS NOT NULL AND r.title IS DISTINCT FROM s."title")'


def test_each_difference_is_one_row_of_history_and_the_others_none() -> None:
    lead = make.lead(email="a@x.example", title="Buyer", phone="03")
    same = make.lead(email="b@x.example", title="Head", phone="04")
    text = "mail,title,phone\na@x.example,Head,05\nb@x.example,Head,04\n"
    made, told = bring("leads", text, TITLES, at=NOW + timedelta(hours=1))
    assert told == counts(updated=1, unchanged=1)
    kept = Change.objects.order_by("field").values_list("subject_id", "field", "old", "new", "at", "how")
    how = f"import {made.pk}"
    assert list(kept) == [
        (lead.pk, "phone", "03", "05", NOW + timedelta(hours=1), how),
        (lead.pk, "title", "Buyer", "Head", NOW + timedelta(hours=1), how),
    ]
    assert not Change.objects.filter(subject_id=same.pk).exists()


def test_an_empty_attribute_that_is_filled_was_empty() -> None:
    make.company(name="Mihon", revenue=None)
    bring("companies", "firm,money\nMihon,120万\n", {"firm": "name", "money": "revenue"})
    assert list(Change.objects.values_list("subject", "field", "old", "new")) == [
        ("company", "revenue", None, 1_200_000)
    ]


def test_custom_values_are_added_to_those_that_are_there() -> None:
    for key in ("rank", "shoe"):
        make.custom_field(key, "number")
    lead = make.lead(email="a@x.example", custom={"rank": 1, "legacy": "x"})
    mapping = {"mail": "email", "rank": "custom.rank", "shoe": "custom.shoe"}
    bring("leads", "mail,rank,shoe\na@x.example,1,44\n", mapping)
    lead.refresh_from_db()
    assert lead.custom == {"rank": 1, "legacy": "x", "shoe": 44}
    assert list(Change.objects.values_list("field", "old", "new")) == [("custom.shoe", None, 44)]


def test_custom_values_of_a_company_are_its_own() -> None:
    make.custom_field("tier", subject=CustomField.Subject.COMPANY)
    company = make.company(name="Mihon", custom={"tier": "silver"})
    text = "mail,firm,tier\na@x.example,Mihon,gold\n"
    bring("leads", text, {"mail": "email", "firm": "company.name", "tier": "company.custom.tier"})
    company.refresh_from_db()
    assert company.custom == {"tier": "gold"}
    assert Lead.objects.get().custom == {}
    assert list(Change.objects.values_list("subject", "field", "old", "new")) == [
        ("company", "custom.tier", "silver", "gold")
    ]


def test_what_is_derived_from_an_attribute_is_set_with_it() -> None:
    lead = make.lead(email="a@gmail.com", is_free_mail=True)
    lead.identities.create(system="crm", external_id="1")
    bring("leads", "id,mail\n1,a@x.example\n", {"id": "external_id", "mail": "email"})
    lead.refresh_from_db()
    assert (lead.email, lead.is_free_mail) == ("a@x.example", False)


def test_another_spelling_of_the_address_is_no_change() -> None:
    make.lead(email="Aya@x.example")
    assert bring("leads", "mail\nAYA@X.example\n", {"mail": "email"})[1] == counts(unchanged=1)
    assert Lead.objects.get().email == "Aya@x.example"
    assert not Change.objects.exists()


def test_a_company_that_is_found_by_its_name_keeps_the_spelling_of_it() -> None:
    make.company(name="㈱見本")
    assert bring("companies", "firm\n(株)見本\n", {"firm": "name"})[1] == counts(unchanged=1)
    assert Company.objects.get().name == "㈱見本"
