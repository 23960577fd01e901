"""Which lead a row names."""

from __future__ import annotations

import pytest

from leads.importing.kinds.lead_keys import lead_email_key
from leads.models import Activity, Lead
from leads.registering.registration import register
from sla.flow.merging import merge
from tests import make
from tests.leads.importing.importing import bring, counts, reasons

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
CALLS = {"id": "lead.external_id", "mail": "lead.email", "what": "kind", "when": "occurred_at"}


def call(id: str, mail: str) -> str:
    return f"id,mail,what,when\n{id},{mail},call,2026-11-01\n"


@pytest.fixture
def aya() -> Lead:
    return register({"email": "aya@x.example"}, identities=[("crm", "7")], at=NOW)[0]


@pytest.mark.parametrize(("id", "mail"), [("7", ""), ("", "ＡＹＡ@x.example"), ("7", "aya@X.example")])
def test_a_lead_is_named_by_its_id_or_its_address(aya: Lead, id: str, mail: str) -> None:
    assert bring("activities", call(id, mail), CALLS)[1] == counts(created=1)
    assert Activity.objects.get().lead == aya


def test_an_id_belongs_to_its_system(aya: Lead) -> None:
    made, told = bring("activities", call("7", ""), CALLS, system="shop")
    assert told == counts(rejected=1)
    assert reasons(made) == [(2, ["There is no lead “7” (system “shop”)."])]


def test_an_address_finds_the_lead_where_the_id_is_new(aya: Lead) -> None:
    assert bring("activities", call("8", "aya@x.example"), CALLS)[1] == counts(created=1)
    # An activity says nothing of who a lead is: its new id is not kept.
    assert list(aya.identities.values_list("external_id", flat=True)) == ["7"]


def test_an_id_and_an_address_of_two_leads_are_refused_and_named(aya: Lead) -> None:
    other = make.lead(email="ken@x.example")
    made, told = bring("activities", call("7", "ken@x.example"), CALLS)
    assert told == counts(rejected=1)
    assert reasons(made)[0][1] == [
        f"The e-mail names lead #{other.pk}, the external id names lead #{aya.pk}. Nothing was merged."
    ]


def test_the_address_of_a_lead_that_was_merged_names_the_one_it_became(aya: Lead) -> None:
    gone = make.lead(email="a.nakamura@x.example")
    merge(aya, gone, {}, by=make.user(), at=NOW)
    assert bring("activities", call("", "a.nakamura@x.example"), CALLS)[1] == counts(created=1)
    assert Activity.objects.get().lead == aya


def test_a_row_without_an_address_has_no_key_of_one() -> None:
    assert lead_email_key({"lead.external_id": "7"}) is None
    assert lead_email_key({"lead.email": "ＡＹＡ@X.example"}) == "aya@x.example"


def test_an_id_that_says_nothing_leaves_the_address_to_name_the_lead(aya: Lead) -> None:
    aya.identities.create(system="crm", external_id="-")
    ken = make.lead(email="ken@x.example")
    assert bring("activities", call("-", "ken@x.example"), CALLS)[1] == counts(created=1)
    assert Activity.objects.get().lead == ken
