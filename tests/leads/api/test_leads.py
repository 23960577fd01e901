"""Leads as programs write and filter them."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from leads.api.leads import LeadChange, LeadIn, filter_by_criteria, flatten_custom, nested_faults, registration_problems
from leads.models import Lead
from leads.registering import identities
from smarketing.api.problems import Conflict
from tests import make

pytestmark = pytest.mark.django_db


def cleaned(body: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    serializer = LeadIn(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer.cleaned_values()


def test_values_carry_the_names_that_the_verbs_know() -> None:
    body = {"title": "CTO", "custom": {"rank": 3}, "company": {"name": "Acme", "custom": {"tier": "A"}}}
    assert cleaned(body)[0] == {"title": "CTO", "custom.rank": 3, "company.name": "Acme", "company.custom.tier": "A"}


def test_an_external_id_is_an_identity_and_a_system_alone_is_none() -> None:
    assert cleaned({"system": "crm", "external_id": "7"}) == ({}, [("crm", "7")])
    assert cleaned({"external_id": "7"}) == ({}, [("", "7")])
    assert cleaned({"system": "crm"}) == ({}, [])


def test_custom_values_stand_beside_the_others() -> None:
    assert flatten_custom({"title": "CTO", "custom": {"a": 1, "b.c": None}}) == {
        "title": "CTO",
        "custom.a": 1,
        "custom.b.c": None,
    }
    assert flatten_custom({"title": ""}) == {"title": ""}


def test_a_change_holds_only_what_was_sent() -> None:
    serializer = LeadChange(data={"owner": None, "company": None, "title": ""})
    serializer.is_valid(raise_exception=True)
    assert serializer.validated_data == {"owner": None, "company": None, "title": ""}


@pytest.mark.parametrize(
    ("names", "nested"),
    [
        (["email"], {"email": ["Wrong."]}),
        (["custom.rank"], {"custom": {"rank": ["Wrong."]}}),
        (["custom.a.b"], {"custom": {"a.b": ["Wrong."]}}),
        (["company.name", "company.custom.tier"], {"company": {"name": ["Wrong."], "custom": {"tier": ["Wrong."]}}}),
    ],
)
def test_faults_are_nested_as_the_body_is(names: list[str], nested: dict[str, Any]) -> None:
    assert nested_faults(DjangoValidationError(dict.fromkeys(names, "Wrong."))) == nested


def test_a_fault_of_no_attribute_stays_flat() -> None:
    assert nested_faults(DjangoValidationError("Wrong.")) == ["Wrong."]


@pytest.mark.parametrize(
    ("inside", "error", "detail"),
    [
        ("", identities.Unnamed("No name."), {"email": ["No name."]}),
        ("", DjangoValidationError("Wrong."), ["Wrong."]),
        ("", DjangoValidationError({"custom.rank": "Wrong."}), {"custom": {"rank": ["Wrong."]}}),
        ("company", DjangoValidationError({"custom.rank": "Wrong."}), {"company": {"custom": {"rank": ["Wrong."]}}}),
        ("company", DjangoValidationError("Wrong."), {"company": ["Wrong."]}),
    ],
)
def test_what_the_verbs_refuse_is_a_fault_of_the_body(inside: str, error: Exception, detail: Any) -> None:
    with pytest.raises(ValidationError) as refused, registration_problems(inside):
        raise error
    assert refused.value.detail == detail


def test_two_leads_of_one_name_are_a_conflict_that_names_them() -> None:
    leads = [make.lead(email="aya@example.org"), make.lead(email="joe@example.org")]
    with pytest.raises(Conflict) as refused, registration_problems():
        raise identities.Conflict(leads)
    assert "aya@example.org" in str(refused.value.detail)


def chosen(criteria: str | None) -> list[Lead]:
    request = Request(RequestFactory().get("/", {} if criteria is None else {"criteria": criteria}))
    return list(filter_by_criteria(request, Lead.objects.order_by("pk")))


def test_leads_are_those_who_meet_the_criteria_and_else_all() -> None:
    leads = [make.lead(country="DE"), make.lead(country="JP")]
    assert chosen(json.dumps({"field": "country", "op": "=", "value": "de"})) == leads[:1]
    assert chosen('{"all": []}') == chosen(None) == chosen("") == leads


@pytest.mark.parametrize(
    ("criteria", "fault"),
    [
        ("{", "This is no JSON."),
        ("[" * 100_000, "This is no JSON."),
        ("[" * 30 + "]" * 30, "Nested deeper than 24 levels."),
        ('{"field": "country", "op": "=", "value": "\\u0000"}', "A NUL character cannot be kept."),
    ],
)
def test_criteria_that_cannot_be_read_are_refused(criteria: str, fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        chosen(criteria)
    assert refused.value.detail == {"criteria": [fault]}


def test_a_fault_of_a_criterion_names_its_place() -> None:
    with pytest.raises(ValidationError) as refused:
        chosen('{"all": [{"all": []}, {"field": "nonsense", "op": "=", "value": 1}]}')
    assert refused.value.detail == {"criteria": ["/all/1: There is no attribute “nonsense”."]}
