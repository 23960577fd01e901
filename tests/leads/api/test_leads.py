"""Leads as programs write and filter them."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from leads.api.leads import LeadChange, LeadIn, filter_by_criteria, flatten_custom, nested_faults, registration_problems
from leads.models import Campaign, Lead
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


def wrong(body: dict[str, Any]) -> dict[str, Any]:
    serializer = LeadIn(data=body)
    assert not serializer.is_valid()
    return dict(serializer.errors)


def test_an_owner_is_somebody_who_works_here_by_the_address_in_any_case() -> None:
    sam, gone = make.user(email="sam@x.example"), make.user(email="gone@x.example", is_active=False)
    assert cleaned({"owner": "SAM@x.example"})[0] == {"owner": sam}
    assert list(wrong({"owner": gone.email})) == ["owner"]


@pytest.mark.parametrize(
    ("field", "least", "most", "below", "above"),
    [("employees", 0, 2**31 - 1, -1, 2**31), ("revenue", "0", "9999999999999999.99", "-0.01", "10000000000000000")],
)
def test_a_company_s_numbers_have_their_bounds(field: str, least: Any, most: Any, below: Any, above: Any) -> None:
    for value in (least, most, None):
        assert f"company.{field}" in cleaned({"company": {"name": "Mihon", field: value}})[0]
    for value in (below, above):
        assert list(wrong({"company": {"name": "Mihon", field: value}})["company"]) == [field]


@pytest.mark.parametrize("consent", ["maybe", "GIVEN", None, True])
def test_consent_is_one_of_three(consent: Any) -> None:
    assert list(wrong({"consent": consent})) == ["consent"]
    assert cleaned({"consent": ""})[0] == {"consent": ""}


def test_a_campaign_is_one_that_is_there() -> None:
    spring = Campaign.objects.create(name="Spring")
    assert cleaned({"campaign": "Spring"})[0] == {"campaign": spring}
    assert list(wrong({"campaign": "Summer"})) == ["campaign"]
