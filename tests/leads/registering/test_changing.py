"""What a change writes: the attributes, what follows from them, and what they were."""

from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from history.models import Change
from leads.models import Campaign, Company, CustomField, Lead
from leads.registering.changing import assign_attributes, attribute, without_empty, write_changes
from leads.registering.registration import change
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db
ASSIGN = partial(assign_attributes, allowed=("title", "email", "company"), subject=CustomField.Subject.LEAD)


def write(lead: Lead, values: dict[str, Any]) -> dict[str, Any]:
    with transaction.atomic():
        return write_changes(lead, "lead", values, ASSIGN, by=None, how="test", at=NOW)


def test_only_what_differs_is_a_change_and_is_written() -> None:
    lead = make.lead(title="Buyer", phone="1")
    Lead.objects.filter(pk=lead.pk).update(phone="2")
    assert write(lead, {"title": "Buyer"}) == {}
    assert write(lead, {"title": " Head "}) == {"title": ("Buyer", "Head")}
    lead.refresh_from_db()
    # What somebody else wrote meanwhile stays.
    assert (lead.title, lead.phone) == ("Head", "2")
    assert Change.objects.get().how == "test"


def test_what_it_was_is_what_it_was_in_the_database() -> None:
    lead = make.lead(title="Buyer")
    stale = Lead.objects.get(pk=lead.pk)
    write(lead, {"title": "Head"})
    assert write(stale, {"title": "Chief"}) == {"title": ("Head", "Chief")}


def test_another_record_is_kept_by_its_id() -> None:
    mihon, rei = make.company(), make.company()
    lead = make.lead(company=mihon)
    assert write(lead, {"company": rei}) == {"company": (mihon.pk, rei.pk)}
    assert write(lead, {"company": None}) == {"company": (rei.pk, None)}


def test_an_attribute_is_read_as_history_keeps_it() -> None:
    company, campaign = make.company(employees=5), Campaign.objects.create(name="Spring")
    lead = make.lead(company=company, campaign=campaign, title="Buyer", custom={"rank": 3})
    read = {
        name: attribute(lead, name) for name in ("company", "campaign", "owner", "title", "custom.rank", "custom.x")
    }
    assert read == {
        "company": company.pk, "campaign": campaign.pk, "owner": None, "title": "Buyer", "custom.rank": 3,
        "custom.x": None,
    }  # fmt: skip
    assert attribute(company, "employees") == 5


def test_one_custom_value_leaves_the_others() -> None:
    make.custom_field("rank", "number")
    lead = make.lead(custom={"rank": 3, "legacy": "x"})
    assert write(lead, {"custom.rank": "4"}) == {"custom.rank": (3, 4)}
    lead.refresh_from_db()
    assert lead.custom == {"rank": 4, "legacy": "x"}


def test_every_refused_value_is_told_and_nothing_is_written() -> None:
    make.custom_field("rank", "number")
    lead = make.lead(title="Buyer")
    with pytest.raises(ValidationError) as wrong:
        write(lead, {"title": "x" * 121, "phone": "1", "custom.rank": "high", "custom.shoe": 1})
    assert set(wrong.value.message_dict) == {"title", "phone", "custom.rank", "custom.shoe"}
    lead.refresh_from_db()
    assert lead.title == "Buyer"
    assert not Change.objects.exists()


@pytest.mark.parametrize(("email", "free"), [("a@gmail.com", True), ("a@mihon.example", False)])
def test_what_follows_from_an_attribute_is_saved_with_it(email: str, free: bool) -> None:
    lead = make.lead(is_free_mail=not free)
    change(lead, {"email": email}, at=NOW)
    lead.refresh_from_db()
    assert (lead.email, lead.is_free_mail) == (email, free)


@pytest.mark.parametrize("record", [Lead(), Company()])
def test_an_attribute_that_may_not_be_said_is_refused(record: Lead | Company) -> None:
    with pytest.raises(ValidationError) as wrong:
        assign_attributes(record, {"created_at": NOW, "nonsense": 1}, ("title",), CustomField.Subject.LEAD)
    assert set(wrong.value.message_dict) == {"created_at", "nonsense"}


def test_nothing_is_left_out_but_zero_and_no_are_values() -> None:
    values = {"a": "", "b": None, "c": 0, "d": False, "e": "x"}
    assert without_empty(values) == {"c": 0, "d": False, "e": "x"}
