"""The lead that a request names: in its body, or in its address."""

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from leads.api.lead_reference import LeadReference, filter_by_lead, get_lead, single_lead
from leads.models import Activity, Identity, Lead
from smarketing.api.problems import Conflict
from tests import make

pytestmark = pytest.mark.django_db


def faults_of(reference: Any) -> dict[str, Any]:
    serializer = LeadReference(data=reference)
    assert not serializer.is_valid()
    return dict(serializer.errors)


@pytest.mark.parametrize(
    "reference", [{"id": 1}, {"email": "aya@example.org"}, {"external_id": "7"}, {"system": "crm", "external_id": "7"}]
)
def test_a_lead_is_named_by_one_of_three(reference: dict[str, Any]) -> None:
    serializer = LeadReference(data=reference)
    assert serializer.is_valid()
    assert serializer.validated_data == {"system": "", **reference}


@pytest.mark.parametrize("reference", [{}, {"system": "crm"}])
def test_what_names_no_lead_is_refused(reference: dict[str, Any]) -> None:
    assert faults_of(reference) == {"non_field_errors": ["Name the lead by id, email or external_id."]}


def test_a_member_that_is_none_of_a_reference_is_named() -> None:
    assert faults_of({"name": "Aya"}) == {"name": ["There is no such member here."]}


@pytest.mark.parametrize(
    ("reference", "field"),
    [({"id": 0}, "id"), ({"id": 2**63}, "id"), ({"email": "x" * 255}, "email"), ({"external_id": ""}, "external_id")],
)
def test_a_name_out_of_its_bounds_is_refused(reference: dict[str, Any], field: str) -> None:
    assert list(faults_of(reference)) == [field]


def test_the_lead_is_found_by_each_of_its_names() -> None:
    lead = make.lead(email="aya@example.org")
    Identity.objects.create(lead=lead, system="crm", external_id="7")
    for reference in ({"id": lead.pk}, {"email": "AYA@example.org"}, {"system": "crm", "external_id": "7"}):
        assert get_lead(reference) == lead


def test_a_name_of_nobody_is_a_fault_of_the_body() -> None:
    with pytest.raises(ValidationError) as refused:
        get_lead({"email": "nobody@example.org"})
    assert refused.value.detail == {"lead": ["There is no such lead."]}


def test_names_of_two_leads_contradict_each_other() -> None:
    make.lead(email="aya@example.org")
    with pytest.raises(Conflict):
        get_lead({"email": "aya@example.org", "id": make.lead().pk})


def test_only_a_single_lead_is_the_lead() -> None:
    lead = make.lead()
    assert single_lead([lead]) == lead
    with pytest.raises(Conflict):
        single_lead([lead, make.lead()])


def of_lead(**query: Any) -> list[int]:
    request = Request(RequestFactory().get("/", query))
    return sorted(activity.lead_id for activity in filter_by_lead(request, Activity.objects.all()))


def test_rows_are_those_of_the_lead_in_the_address_and_else_all() -> None:
    one, two = make.lead(), make.lead()
    for lead in (one, two):
        make.activity(lead, "call", make.MONDAY_9AM)
    assert of_lead(lead=one.pk) == [one.pk]
    assert of_lead() == [one.pk, two.pk]
    assert of_lead(lead="9" * 18) == []


def test_a_merged_lead_is_named_by_its_id_as_by_its_address() -> None:
    kept, merged = make.lead(email="aya@example.org"), make.lead()
    make.activity(kept, "call", make.MONDAY_9AM)
    Lead.objects.filter(pk=merged.pk).update(merged_into=kept, merged_at=make.MONDAY_9AM)
    assert get_lead({"id": merged.pk}) == kept
    assert get_lead({"id": merged.pk, "email": "aya@example.org"}) == kept
    assert of_lead(lead=merged.pk) == [kept.pk]


@pytest.mark.parametrize("text", ["", "a", "-1", "1.0", " 1", "１", "9" * 19])
def test_what_is_no_id_is_a_fault_of_the_address(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        of_lead(lead=text)
    assert refused.value.detail == {"lead": ["Write the id of a lead."]}
