"""Opportunities, by programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from funnel.models.deal_stages import DealStage
from funnel.models.journeys import Journey
from funnel.models.opportunities import Opportunity, OpportunityQuerySet
from funnel.models.stages import Reason
from funnel.opportunities.registering import OfAnotherLead, TooFine, check_amount, register
from leads.api.lead_reference import LEAD, LeadReference, filter_by_lead, get_lead
from smarketing.api.endpoint import Endpoint
from smarketing.api.fields import KnownMembers, MomentField, NaturalKeyField, NoMembers
from smarketing.api.paging import AFTER, NEWEST, SIZE, list_response
from smarketing.api.problems import Conflict, problems, writing_problems
from smarketing.company import day_of
from smarketing.currencies import CODES, DIGITS, MOST_DECIMALS, in_currency
from teams.api.authentication import caller
from teams.models import User
from teams.records import changing, get_editable


class OpportunityOut(serializers.ModelSerializer[Opportunity]):
    amount = serializers.SerializerMethodField(help_text="With the decimals that its currency has.")
    stage = serializers.SlugRelatedField[DealStage](slug_field="key", read_only=True, allow_null=True)
    reason = serializers.SlugRelatedField[Reason](slug_field="key", read_only=True, allow_null=True)
    owner = serializers.EmailField(source="owner.email", default=None, read_only=True, allow_null=True)

    class Meta:
        model = Opportunity
        fields = [
            "id", "lead", "system", "external_id", "name", "kind", "stage", "amount", "currency", "opened_at",
            "opened_on", "expected_close_on", "won_at", "won_on", "lost_at", "lost_on", "reopened_at", "reason",
            "reason_text", "owner",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            day: {"help_text": f"The company day, where of `{moment}` only that is known."}
            for day, moment in (("opened_on", "opened_at"), ("won_on", "won_at"), ("lost_on", "lost_at"))
        }

    @extend_schema_field({"type": ["string", "null"], "format": "decimal"})
    def get_amount(self, deal: Opportunity) -> str | None:
        return None if deal.amount is None else str(in_currency(deal.amount, deal.currency))


class OpportunityPage(serializers.Serializer[Any]):
    results = OpportunityOut(many=True)
    next = serializers.URLField(allow_null=True)


class OpportunityTerms(KnownMembers):
    """What a program says of a deal."""

    name = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=200)
    kind = serializers.ChoiceField(required=False, choices=Opportunity.Kind.choices)
    stage = NaturalKeyField(
        required=False,
        slug_field="key",
        queryset=DealStage.objects.offered(),
        help_text="The key of a stage that deals have; the first, when left out.",
    )
    amount = serializers.DecimalField(
        required=False, allow_null=True, max_digits=DIGITS, decimal_places=MOST_DECIMALS, min_value=0,
        help_text="With no more decimals than its currency has.",
    )  # fmt: skip
    currency = serializers.RegexField("^([A-Z]{3})?$", required=False, allow_blank=True)
    expected_close_on = serializers.DateField(required=False, allow_null=True)
    owner = NaturalKeyField(
        required=False,
        allow_null=True,
        slug_field="email__iexact",
        queryset=User.objects.active(),
        help_text="The e-mail of somebody who works here; you, when left out.",
    )

    def validate_name(self, name: str | None) -> str:
        return name or ""

    def validate_currency(self, currency: str) -> str:
        if currency and currency not in CODES:
            raise serializers.ValidationError(_("There is no currency %(code)s.") % {"code": currency})
        return currency

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Told without its currency, an amount is compared with that of the deal, once it is found."""
        if attrs.get("currency"):
            with deal_problems():
                check_amount(None, attrs)
        return attrs


class OpportunityIn(OpportunityTerms):
    lead = LeadReference()
    system = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    external_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    opened_at = MomentField(required=False, help_text="Now, when left out; never later than now.")

    def validate_opened_at(self, opened_at: datetime) -> datetime | None:
        """None for the day of today, which means now. Written alone, a day has ten letters at most."""
        at = now()
        if opened_at > at:
            raise serializers.ValidationError(_("This moment is still to come."))
        is_day = len(str(self.initial_data["opened_at"]).strip()) <= len("2026-11-16")
        return None if is_day and day_of(opened_at) == day_of(at) else opened_at

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if "opened_at" in attrs and attrs["opened_at"] is None:
            attrs["opened_on"] = day_of(now())
        return attrs


class OutcomeIn(KnownMembers):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class ReopeningIn(KnownMembers):
    because = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


DECIDING = writing_problems(404, 409)
KNOWN_BY = ("name", "opened_at", "opened_on", "system", "external_id")


def opportunity_queryset() -> OpportunityQuerySet:
    return Opportunity.objects.select_related("reason", "owner", "stage", "lead")


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
        responses={200: OpportunityOut, 201: OpportunityOut, **writing_problems(409)},
    )
    def post(self, request: Request) -> Response:
        """Open a deal with a lead, which enters the opportunity stage (201), or update the one that is known (200).

        A deal is known by its external id in its system; without one by its lead, its name and its opening: told
        without an opening, by the day of today. What is left out, and what is empty, stays as it is.
        """
        serializer = OpportunityIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        lead = get_lead(values.pop("lead"))
        known_by = {name: values.pop(name) for name in KNOWN_BY if name in values}
        with deal_problems():
            deal, is_new = register(lead, values, **known_by, by=caller(request), how="api", rights_of=caller(request))
        answer = OpportunityOut(opportunity_queryset().get(pk=deal.pk)).data
        return Response(answer, status=201 if is_new else 200)


class OpportunityDetail(Endpoint):
    @extend_schema(operation_id="opportunities_read", responses={200: OpportunityOut, **problems(404)})
    def get(self, request: Request, pk: int) -> Response:
        """One opportunity."""
        return Response(OpportunityOut(get_object_or_404(opportunity_queryset(), pk=pk)).data)

    @extend_schema(
        operation_id="opportunities_update", request=OpportunityTerms, responses={200: OpportunityOut, **DECIDING}
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is said, or move it to another stage: what is left out stays, what is null is emptied. Its
        history keeps what was."""
        by = caller(request)
        deal = get_editable(opportunity_queryset(), by, pk=pk)
        serializer = OpportunityTerms(deal, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        stage = values.pop("stage", None)
        with deal_problems(), changing(by, deal):
            check_amount(deal, values)
            if stage and stage != deal.stage:
                deal.move(stage, by=by, how="api")
            deal.change(values, by=by, how="api")
        return Response(OpportunityOut(opportunity_queryset().get(pk=pk)).data)


@contextmanager
def deal_problems() -> Iterator[None]:
    """Answer what the verbs of a deal refuse as the API refuses."""
    try:
        yield
    except OfAnotherLead as error:
        raise Conflict(_("The deal %(id)s of another lead has this external id.") % {"id": error.deal.pk})
    except TooFine as error:
        words = {"amount": f"{error.amount.normalize():f}", "currency": error.currency}
        raise serializers.ValidationError({"amount": [_("%(amount)s has more decimals than %(currency)s.") % words]})
    except Opportunity.Decided:
        raise Conflict(_("It was won or lost before."))
    except (Journey.Moved, Journey.Closed):
        raise Conflict(_("The lead's journey is closed, or moved a moment ago."))
    except Reason.NeedsText:
        raise serializers.ValidationError({"text": [_("This reason says nothing by itself: add a word.")]})


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


class Reopening(Endpoint):
    @extend_schema(
        operation_id="opportunities_reopen",
        request=ReopeningIn,
        responses={200: OpportunityOut, **DECIDING},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take the outcome back, from now on."""
        deal = get_editable(opportunity_queryset(), caller(request), pk=pk)
        serializer = ReopeningIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            with changing(caller(request), deal):
                deal.reopen(because=serializer.validated_data["because"], by=caller(request), how="api")
        except Opportunity.Decided:
            raise Conflict(_("It is open already."))
        return Response(OpportunityOut(opportunity_queryset().get(pk=pk)).data)


class OpportunityTaking(Endpoint):
    @extend_schema(operation_id="opportunities_take", request=None, responses={200: OpportunityOut, **DECIDING})
    def post(self, request: Request, pk: int) -> Response:
        """Own an opportunity that nobody owns. Taken again it stays yours; what is somebody's is 409."""
        deal = get_object_or_404(opportunity_queryset(), pk=pk)
        NoMembers.check(request.data)
        try:
            deal.take(by=caller(request), how="api")
        except Opportunity.Owned:
            raise Conflict(_("Somebody else has taken it. Nothing was changed."))
        return Response(OpportunityOut(opportunity_queryset().get(pk=pk)).data)


def _decide(request: Request, pk: int, verb: str, kind: Reason.Kind) -> Response:
    opportunity = get_editable(opportunity_queryset(), caller(request), pk=pk)
    serializer = OutcomeIn(data=request.data)
    serializer.is_valid(raise_exception=True)
    reason = None
    if key := serializer.validated_data["reason"]:
        reason = Reason.objects.filter(kind=kind, key=key, retired_at=None).first()
        if reason is None:
            raise serializers.ValidationError({"reason": [_("There is no such reason.")]})
    with deal_problems(), changing(caller(request), opportunity):
        decide = getattr(opportunity, verb)
        decide(reason=reason, text=serializer.validated_data["text"], by=caller(request), how="api")
    return Response(OpportunityOut(opportunity_queryset().get(pk=pk)).data)


class DealStageOut(serializers.ModelSerializer[DealStage]):
    class Meta:
        model = DealStage
        fields = ["key", "name_en", "name_ja"]
        read_only_fields = fields


class DealStages(Endpoint):
    @extend_schema(operation_id="deal_stages_list", responses={200: DealStageOut(many=True), **problems()})
    def get(self, request: Request) -> Response:
        """The stages of a deal, in their order."""
        return Response(DealStageOut(DealStage.objects.offered(), many=True).data)


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
