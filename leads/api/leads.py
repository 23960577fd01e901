"""Leads as programs write and filter them. How they are read lies higher up, where scores and stages are known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from leads.criteria import BadCriteria, check, condition
from leads.models.campaigns import Campaign
from leads.models.companies import Company
from leads.models.leads import Lead
from leads.registering import identities
from smarketing.api.fields import Emptying, KnownMembers, NaturalKeyField, ScalarField
from smarketing.api.parsing import unstorable_json
from smarketing.api.problems import Conflict, Unprocessable
from teams.models import User

NAMES = ("family_name", "given_name")


class CompanyIn(KnownMembers, serializers.ModelSerializer[Company]):
    """A company, known by its name."""

    name = serializers.CharField(max_length=200)
    revenue = serializers.DecimalField(
        required=False, allow_null=True, max_digits=18, decimal_places=2, min_value=0, help_text="Yearly."
    )
    employees = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    custom = serializers.DictField(required=False, child=ScalarField())

    class Meta:
        model = Company
        fields = ["name", "domain", "industry", "employees", "revenue", "country", "region", "custom"]

    def to_internal_value(self, data: Any) -> Any:
        return flatten_custom(super().to_internal_value(data))


def flatten_custom(values: Mapping[str, Any]) -> dict[str, Any]:
    """The administrator's attributes beside the others, under the names that the verbs know: `custom.KEY`."""
    rest = {name: value for name, value in values.items() if name != "custom"}
    return rest | {f"custom.{key}": value for key, value in values.get("custom", {}).items()}


class LeadAttributes(KnownMembers, serializers.ModelSerializer[Lead]):
    """The attributes of a lead that a program may write."""

    email = serializers.CharField(required=False, allow_blank=True, max_length=254)
    consent = serializers.ChoiceField(required=False, choices=Lead.Consent.choices, allow_blank=True)
    campaign = NaturalKeyField(required=False, allow_null=True, slug_field="name", queryset=Campaign.objects.all())
    owner = NaturalKeyField(
        required=False,
        allow_null=True,
        slug_field="email__iexact",
        queryset=User.objects.active(),
        help_text="The e-mail of somebody who works here.",
    )
    custom = serializers.DictField(required=False, child=ScalarField())

    class Meta:
        model = Lead
        fields = [
            "email", "family_name", "given_name", "family_name_reading", "given_name_reading", "phone", "title",
            "department", "seniority", "buying_role", "country", "region", "source", "campaign", "consent", "owner",
            "company", "custom",
        ]  # fmt: skip

    def to_internal_value(self, data: Any) -> Any:
        return flatten_custom(super().to_internal_value(data))


class LeadIn(LeadAttributes):
    """A lead with what makes it known: an e-mail, an external id of a system, or both."""

    system = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    external_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    company = CompanyIn(required=False)

    class Meta(LeadAttributes.Meta):
        fields = ["system", "external_id", *LeadAttributes.Meta.fields]

    def cleaned_values(self) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return the values as the verbs take them, and the identities."""
        values = dict(self.validated_data)
        identity = values.pop("system"), values.pop("external_id")
        company = values.pop("company", {})
        return values | {f"company.{name}": value for name, value in company.items()}, [identity] if identity[1] else []


class CompanyChange(Emptying, CompanyIn):
    """A company, known by its name. What is empty or null of the rest is emptied."""


class LeadChange(Emptying, LeadAttributes):
    """What changes of a lead. What is left out stays; what is empty or null is emptied, but not what a lead cannot be
    without: what it is known by, and a name."""

    company = CompanyChange(required=False, allow_null=True)

    def check_what_stays(self, lead: Lead) -> None:
        """Raises `Unprocessable` where the lead would have nothing that it is known by, or no name any more."""
        values, faults = self.validated_data, {}
        if values.get("email") == "" and lead.email and not lead.identities.exists():
            faults["email"] = [_("A lead needs an e-mail or an external id.")]
        emptied = [name for name in NAMES if values.get(name) == "" and getattr(lead, name)]
        if emptied and not any(values.get(name, getattr(lead, name)) for name in NAMES):
            faults |= {name: [_("A lead keeps one of its names.")] for name in emptied}
        if faults:
            raise Unprocessable(faults)


@contextmanager
def registration_problems(inside: str = "") -> Iterator[None]:
    """Answer what the verbs refuse as the API refuses; `inside` names the part of the body that they were given."""
    try:
        yield
    except identities.Conflict as error:
        raise Conflict(error.sentence)
    except identities.Unnamed as error:
        raise serializers.ValidationError({"email": [str(error)]})
    except DjangoValidationError as error:
        faults = nested_faults(error)
        raise serializers.ValidationError({inside: faults} if inside else faults)


def nested_faults(error: DjangoValidationError) -> dict[str, Any] | list[str]:
    """The messages of a verb's refusal, nested as the body of the request is."""
    if not hasattr(error, "error_dict"):
        return error.messages
    nested: dict[str, Any] = {}
    for name, messages in error.message_dict.items():
        *groups, last = _path(name)
        inner = nested
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = messages
    return nested


def _path(name: str) -> list[str]:
    """Where the body has what the verbs call by one name: `company.custom.rank`."""
    group, dot, rest = name.partition(".")
    return [name] if not dot else ["company", *_path(rest)] if group == "company" else [group, rest]


def filter_by_criteria(request: Request, leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Narrow leads by `criteria`, a tree of conditions as JSON."""
    text = request.query_params.get("criteria")
    if not text:
        return leads
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise serializers.ValidationError({"criteria": [_("This is no JSON.")]})
    if fault := unstorable_json(tree):
        raise serializers.ValidationError({"criteria": [fault]})
    try:
        check(tree)
    except BadCriteria as error:
        faults = [f"{where}: {what}" if where else str(what) for where, what in error.errors]
        raise serializers.ValidationError({"criteria": faults})
    return leads.filter(condition(tree, at=now()))
