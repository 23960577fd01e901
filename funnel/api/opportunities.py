"""Opportunities, by programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from funnel.models.journeys import Journey
from funnel.models.opportunities import Opportunity
from funnel.models.stages import Reason
from leads.api.lead_reference import LEAD, LeadReference, filter_by_lead, get_lead
from smarketing.api.endpoint import Endpoint
from smarketing.api.fields import MomentField, NaturalKeyField
from smarketing.api.paging import AFTER, NEWEST, SIZE, list_response
from smarketing.api.problems import Conflict, problems, writing_problems
from teams.api.authentication import caller
from teams.models import User


class OpportunityOut(serializers.ModelSerializer[Opportunity]):
    reason = serializers.SlugRelatedField[Reason](slug_field="key", read_only=True, allow_null=True)
    owner = serializers.EmailField(source="owner.email", default=None, read_only=True, allow_null=True)

    class Meta:
        model = Opportunity
        fields = [
            "id", "lead", "name", "kind", "amount", "currency", "opened_at", "expected_close_on", "won_at", "lost_at",
            "reason", "reason_text", "owner",
        ]  # fmt: skip
        read_only_fields = fields


class OpportunityPage(serializers.Serializer[Any]):
    results = OpportunityOut(many=True)
    next = serializers.URLField(allow_null=True)


class OpportunityIn(serializers.Serializer[Any]):
    lead = LeadReference()
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    kind = serializers.ChoiceField(required=False, choices=Opportunity.Kind.choices, default=Opportunity.Kind.NEW)
    amount = serializers.DecimalField(
        required=False, allow_null=True, default=None, max_digits=16, decimal_places=2, min_value=0
    )
    currency = serializers.RegexField("^([A-Z]{3})?$", required=False, allow_blank=True, default="")
    opened_at = MomentField(required=False, help_text="Now, when left out; never later than now.")
    expected_close_on = serializers.DateField(required=False, allow_null=True, default=None)
    owner = NaturalKeyField(
        required=False,
        slug_field="email__iexact",
        queryset=User.objects.active(),
        help_text="The e-mail of somebody who works here; you, when left out.",
    )

    def validate_opened_at(self, opened_at: datetime) -> datetime:
        if opened_at > now():
            raise serializers.ValidationError(_("This moment is still to come."))
        return opened_at


class OutcomeIn(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


DECIDING = writing_problems(404, 409)


def opportunity_queryset() -> QuerySet[Opportunity]:
    return Opportunity.objects.select_related("reason", "owner", "lead")


class OpportunityList(Endpoint):
    @extend_schema(
        operation_id="opportunities_list",
        parameters=[LEAD, AFTER, SIZE],
        responses={200: OpportunityPage, **problems()},
    )
    def get(self, request: Request) -> Response:
        """Opportunities, the newest first."""
        opportunities = filter_by_lead(request, opportunity_queryset().order_by())
        return list_response(request, opportunities, NEWEST, OpportunityOut)

    @extend_schema(
        operation_id="opportunities_create",
        request=OpportunityIn,
        responses={201: OpportunityOut, **writing_problems(409)},
    )
    def post(self, request: Request) -> Response:
        """Open a deal with a lead: it enters the opportunity stage."""
        serializer = OpportunityIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        lead = get_lead(values.pop("lead"))
        try:
            with transaction.atomic():
                opportunity = Opportunity.open(lead, by=caller(request), **values)
        except (Journey.Moved, Journey.Closed):
            raise Conflict(_("The lead's journey is closed, or moved a moment ago."))
        return Response(OpportunityOut(opportunity_queryset().get(pk=opportunity.pk)).data, status=201)


class OpportunityDetail(Endpoint):
    @extend_schema(operation_id="opportunities_read", responses={200: OpportunityOut, **problems(404)})
    def get(self, request: Request, pk: int) -> Response:
        """One opportunity."""
        return Response(OpportunityOut(get_object_or_404(opportunity_queryset(), pk=pk)).data)


class Winning(Endpoint):
    @extend_schema(
        operation_id="opportunities_win",
        request=OutcomeIn,
        responses={200: OpportunityOut, **DECIDING},
    )
    def post(self, request: Request, pk: int) -> Response:
        """A contract: the lead becomes a customer."""
        return _decide(request, pk, "win", Reason.Kind.WON)


class Loss(Endpoint):
    @extend_schema(
        operation_id="opportunities_lose",
        request=OutcomeIn,
        responses={200: OpportunityOut, **DECIDING},
    )
    def post(self, request: Request, pk: int) -> Response:
        """No contract."""
        return _decide(request, pk, "lose", Reason.Kind.LOST)


def _decide(request: Request, pk: int, verb: str, kind: Reason.Kind) -> Response:
    opportunity = get_object_or_404(opportunity_queryset(), pk=pk)
    serializer = OutcomeIn(data=request.data)
    serializer.is_valid(raise_exception=True)
    reason = None
    if key := serializer.validated_data["reason"]:
        reason = Reason.objects.filter(kind=kind, key=key, retired_at=None).first()
        if reason is None:
            raise serializers.ValidationError({"reason": [_("There is no such reason.")]})
    try:
        getattr(opportunity, verb)(reason=reason, text=serializer.validated_data["text"], by=caller(request))
    except Opportunity.Decided:
        raise Conflict(_("It was won or lost before."))
    except (Journey.Moved, Journey.Closed):
        raise Conflict(_("The lead's journey is closed, or moved a moment ago."))
    except Reason.NeedsText:
        raise serializers.ValidationError({"text": [_("This reason says nothing by itself: add a word.")]})
    return Response(OpportunityOut(opportunity_queryset().get(pk=pk)).data)


class ReasonOut(serializers.ModelSerializer[Reason]):
    class Meta:
        model = Reason
        fields = ["kind", "key", "name_en", "name_ja", "needs_text"]
        read_only_fields = fields


class Reasons(Endpoint):
    @extend_schema(
        operation_id="reasons_list",
        parameters=[OpenApiParameter("kind", OpenApiTypes.STR, enum=Reason.Kind.values, description="Only these.")],
        responses={200: ReasonOut(many=True), **problems()},
    )
    def get(self, request: Request) -> Response:
        """The reasons that both teams agreed on."""
        reasons = Reason.objects.filter(retired_at=None)
        kind = request.query_params.get("kind")
        if kind is not None:
            if kind not in Reason.Kind.values:
                known = ", ".join(Reason.Kind.values)
                raise serializers.ValidationError({"kind": [_("Write one of: %(known)s.") % {"known": known}]})
            reasons = Reason.objects.offered(kind)
        return Response(ReasonOut(reasons, many=True).data)
