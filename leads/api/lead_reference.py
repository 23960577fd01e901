"""The lead that a request names: in its body, or in its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from leads.models.leads import Lead
from leads.registering import identities
from leads.registering.identities import LeadKeys, leads_named
from smarketing.api.fields import KnownMembers
from smarketing.api.problems import Conflict
from smarketing.requests.whole_numbers import parse_whole_number

LEAD = OpenApiParameter(
    "lead", {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}, description="Only of the lead with this id."
)


class LeadReference(KnownMembers):
    """A lead by its id, its e-mail, or the id that another system gave it."""

    id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    email = serializers.CharField(required=False, max_length=254)
    system = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    external_id = serializers.CharField(required=False, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"id", "email", "external_id"} & set(attrs):
            raise serializers.ValidationError(_("Name the lead by id, email or external_id."))
        return attrs


def get_lead(reference: Mapping[str, Any]) -> Lead:
    """Return the lead; `ValidationError` when there is none, `Conflict` when there are two."""
    return single_lead(leads_named([LeadKeys(**reference)])[0])


def single_lead(leads: list[Lead]) -> Lead:
    """Return the only one of the leads that a reference matched; raises as `get_lead` does."""
    if len(leads) > 1:
        raise Conflict(identities.Conflict(leads).sentence)
    if not leads:
        raise serializers.ValidationError({"lead": [_("There is no such lead.")]})
    return leads[0]


def filter_by_lead(request: Request, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Narrow rows to the lead that the address names, if it names one: of a merged one, the lead that it became."""
    text = request.query_params.get("lead")
    if text is None:
        return queryset
    pk = parse_whole_number(text)
    if pk is None:
        raise serializers.ValidationError({"lead": [_("Write the id of a lead.")]})
    goes_on = Lead.objects.filter(pk=pk).order_by().values(goes_on=Coalesce("merged_into", "pk"))
    return queryset.filter(lead=Subquery(goes_on))
