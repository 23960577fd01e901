"""What the database itself keeps true of leads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.utils import translation

from leads.models import Identity, Lead
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def settle(write: Callable[[], object] = bool) -> None:
    """Do it, and have what is looked at when a transaction ends looked at now."""
    with transaction.atomic(), connection.cursor() as cursor:
        write()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("again", ["aya@x.example", "AYA@X.example", "ａｙａ＠x.example"])
def test_an_address_is_of_one_lead_however_it_is_spelt(again: str) -> None:
    make.lead(email="aya@x.example")
    with pytest.raises(IntegrityError, match="one_lead_per_email"), transaction.atomic():
        make.lead(email=again)


def test_a_merged_lead_leaves_its_address_free() -> None:
    make.lead(email="aya@x.example", merged_into=make.lead(), merged_at=NOW)
    assert make.lead(email="aya@x.example").pk


def test_many_leads_may_have_no_address_but_then_each_has_an_id() -> None:
    for number in ("1", "2"):
        make.lead(email="").identities.create(system="crm", external_id=number)
    settle()


def test_a_lead_that_nothing_names_is_refused() -> None:
    with pytest.raises(DatabaseError):
        settle(lambda: make.lead(email=""))


def test_the_last_id_of_a_lead_without_an_address_stays() -> None:
    lead = make.lead(email="")
    lead.identities.create(system="crm", external_id="1")
    settle()
    with pytest.raises(DatabaseError):
        settle(Identity.objects.all().delete)


def test_an_address_is_not_taken_from_a_lead_without_an_id() -> None:
    lead = make.lead()
    with pytest.raises(DatabaseError):
        settle(lambda: Lead.objects.filter(pk=lead.pk).update(email=""))


@pytest.mark.parametrize("fields", [{"merged_at": NOW}, {"merged_into": True}])
def test_a_merge_has_its_moment_and_a_moment_its_merge(fields: dict[str, Any]) -> None:
    if "merged_into" in fields:
        fields = {"merged_into": make.lead()}
    with pytest.raises(IntegrityError, match="merged_lead_has_a_moment"), transaction.atomic():
        make.lead(**fields)


def test_an_id_of_a_system_is_of_one_lead() -> None:
    one, other = make.lead(), make.lead()
    one.identities.create(system="crm", external_id="1")
    assert other.identities.create(system="fair", external_id="1").pk
    with pytest.raises(IntegrityError, match="one_lead_per_external_id"), transaction.atomic():
        other.identities.create(system="crm", external_id="1")


def test_who_did_something_often_is_one_lead() -> None:
    lead, other = make.lead(), make.lead()
    make.activity(lead, "call", NOW), make.activity(lead, "call", NOW), make.activity(other, "meeting", NOW)
    assert list(Lead.objects.who_did("call")) == [lead]
    assert list(Lead.objects.who_did("dancing")) == []


def test_who_was_merged_is_left_out() -> None:
    kept = make.lead()
    make.lead(merged_into=kept, merged_at=NOW)
    assert list(Lead.objects.unmerged()) == [kept]


def test_a_lead_is_called_by_its_name_else_its_address_else_its_number() -> None:
    assert str(Lead(given_name="Aya", family_name="Nakamura", email="a@x.example")) == "Aya Nakamura"
    assert str(Lead(email="a@x.example")) == "a@x.example"
    assert str(Lead(pk=7)) == "Lead 7"
    with translation.override("ja"):
        assert str(Lead(given_name="彩", family_name="中村")) == "中村 彩"
        assert str(Lead(pk=7)) == "リード 7"


@pytest.mark.parametrize(
    ("family", "given", "reading"), [("なかむら", "あや", "なかむら あや"), ("なかむら", "", "なかむら"), ("", "", "")]
)
def test_the_reading_has_the_family_name_first(family: str, given: str, reading: str) -> None:
    assert Lead(family_name_reading=family, given_name_reading=given).reading == reading
