"""Leads with where they stand and what they are worth, and every metric, by programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.activities import (
    AFTER,
    NEWEST,
    SIZE,
    YEARS,
    LeadChange,
    LeadIn,
    faults_of,
    leads_asked_for,
    listed,
)
from leads.models import Company, Identity, Lead
from leads.registering import registration
from leads.registering.searching import search
from metrics.period import Period
from metrics.registry import BadQuestion, Question, UnknownMetric, View, metric, metrics
from scoring.formula import MILLION
from smarketing.api.problems import Conflict, problems, writing_problems
from teams.api.endpoints import Endpoint, caller


class CompanyOut(serializers.ModelSerializer[Company]):
    custom = serializers.DictField(read_only=True)

    class Meta:
        model = Company
        fields = ["id", "name", "domain", "industry", "employees", "revenue", "country", "region", "custom"]
        read_only_fields = fields


class IdentityOut(serializers.ModelSerializer[Identity]):
    class Meta:
        model = Identity
        fields = ["system", "external_id"]
        read_only_fields = fields


class LeadOut(serializers.ModelSerializer[Lead]):
    """A lead, with what it is worth (0 to 100 each) and where it stands."""

    company = CompanyOut(allow_null=True, read_only=True)
    identities = IdentityOut(many=True, read_only=True)
    campaign = serializers.CharField(source="campaign.name", default=None, read_only=True, allow_null=True)
    owner = serializers.EmailField(source="owner.email", default=None, read_only=True, allow_null=True)
    custom = serializers.DictField(read_only=True)
    fit = serializers.SerializerMethodField()
    interest = serializers.SerializerMethodField()
    quadrant = serializers.SerializerMethodField()
    stage = serializers.SerializerMethodField()

    class Meta:
        model = Lead
        fields = [
            "id", "email", "identities", "family_name", "given_name", "family_name_reading", "given_name_reading",
            "phone", "title", "department", "seniority", "buying_role", "country", "region", "source", "campaign",
            "consent", "is_free_mail", "company", "owner", "custom", "created_at", "fit", "interest", "quadrant",
            "stage",
        ]  # fmt: skip
        read_only_fields = fields

    def get_fit(self, lead: Lead) -> float | None:
        return lead.score.fit / MILLION if hasattr(lead, "score") else None

    def get_interest(self, lead: Lead) -> float | None:
        return lead.score.interest / MILLION if hasattr(lead, "score") else None

    def get_quadrant(self, lead: Lead) -> str | None:
        return str(lead.score.quadrant) if hasattr(lead, "score") else None

    def get_stage(self, lead: Lead) -> str | None:
        """The role of the stage where the lead stands, or the name of a stage without one."""
        return (lead.journey.stage.role or lead.journey.stage.name_en) if hasattr(lead, "journey") else None


class LeadPage(serializers.Serializer[Any]):
    results = LeadOut(many=True)
    next = serializers.URLField(allow_null=True)


def shown() -> QuerySet[Lead]:
    here = Lead.objects.here().select_related("company", "campaign", "owner", "score", "journey__stage")
    return here.prefetch_related("identities")


class LeadList(Endpoint):
    @extend_schema(
        operation_id="leads_list",
        parameters=[
            OpenApiParameter("search", OpenApiTypes.STR, description="Words of names, readings, e-mail, company."),
            OpenApiParameter("criteria", OpenApiTypes.STR, description="A tree of conditions, as JSON."),
            AFTER,
            SIZE,
        ],
        responses={200: LeadPage, **problems()},
    )
    def get(self, request: Request) -> Response:
        """Leads, the newest first."""
        leads = leads_asked_for(request, shown())
        return listed(request, search(leads, request.query_params.get("search", "")), NEWEST, LeadOut)

    @extend_schema(
        operation_id="leads_create",
        request=LeadIn,
        responses={200: LeadOut, 201: LeadOut, **writing_problems(409)},
    )
    def post(self, request: Request) -> Response:
        """Create a lead (201), or update the one that the e-mail or the external id names (200).

        What is left out, and what is empty, stays as it is. When the e-mail and the external id name two different
        leads, nothing is changed (409).
        """
        said = LeadIn(data=request.data)
        said.is_valid(raise_exception=True)
        values, identities = said.told()
        with as_problems():
            lead, created = registration.register(values, identities=identities, by=caller(request), how="api")
        return Response(LeadOut(shown().get(pk=lead.pk)).data, status=201 if created else 200)


class LeadDetail(Endpoint):
    @extend_schema(operation_id="leads_read", responses={200: LeadOut, **problems(404)})
    def get(self, request: Request, pk: int) -> Response:
        """One lead."""
        return Response(LeadOut(get_object_or_404(shown(), pk=pk)).data)

    @extend_schema(
        operation_id="leads_update", request=LeadChange, responses={200: LeadOut, **writing_problems(404, 409)}
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is said: what is left out stays, what is empty or null is emptied."""
        lead = get_object_or_404(shown(), pk=pk)
        said = LeadChange(data=request.data)
        said.is_valid(raise_exception=True)
        values = dict(said.validated_data)
        by = caller(request)
        if values.get("email") == "" and not lead.identities.all():
            raise serializers.ValidationError({"email": [_("A lead needs an e-mail or an external id.")]})
        with transaction.atomic():
            if company := values.get("company"):
                with as_problems("company"):
                    values["company"] = registration.register_company(company, by=by, how="api")
            with as_problems():
                registration.change(lead, values, by=by, how="api")
        return Response(LeadOut(shown().get(pk=pk)).data)


@contextmanager
def as_problems(inside: str = "") -> Iterator[None]:
    """Answer what the verbs refuse as the API refuses; `inside` says which part of the body they were given."""
    try:
        yield
    except registration.Conflict as error:
        raise Conflict(error.sentence)
    except registration.Unnamed as error:
        raise serializers.ValidationError({"email": [str(error)]})
    except Invalid as error:
        faults = faults_of(error)
        raise serializers.ValidationError({inside: faults.detail}) if inside else faults


# Metrics


class MetricOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    definition = serializers.CharField()
    unit = serializers.CharField()
    views = serializers.ListField(child=serializers.CharField())
    dimensions = serializers.ListField(child=serializers.CharField())


class RowOut(serializers.Serializer[Any]):
    key = serializers.CharField(allow_blank=True)
    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    mature = serializers.BooleanField()
    flagged = serializers.IntegerField()


class AnswerOut(serializers.Serializer[Any]):
    metric = serializers.CharField()
    view = serializers.CharField()
    rows = RowOut(many=True)


class MetricList(Endpoint):
    @extend_schema(operation_id="metrics_list", responses={200: MetricOut(many=True), **problems()})
    def get(self, request: Request) -> Response:
        """Every number that both teams mean the same by."""
        return Response(MetricOut(metrics(), many=True).data)


def in_our_time(day: date) -> None:
    if day.year not in YEARS:
        raise serializers.ValidationError(_("Write a day from 1900 to 2100."))


class MetricAsked(serializers.Serializer[Any]):
    start = serializers.DateField(validators=[in_our_time])
    end = serializers.DateField(validators=[in_our_time])
    view = serializers.ChoiceField(choices=[view.value for view in View], required=False, default="")
    window = serializers.IntegerField(required=False, min_value=1, max_value=36500)
    by = serializers.CharField(required=False, default="")


class MetricDetail(Endpoint):
    @extend_schema(
        operation_id="metrics_read",
        parameters=[
            OpenApiParameter("start", OpenApiTypes.DATE, required=True, description="The first day."),
            OpenApiParameter("end", OpenApiTypes.DATE, required=True, description="The first day no longer in it."),
            OpenApiParameter("view", OpenApiTypes.STR, enum=[view.value for view in View]),
            OpenApiParameter("from", OpenApiTypes.STR, description="The stage to count from."),
            OpenApiParameter("to", OpenApiTypes.STR, description="The stage to count to."),
            OpenApiParameter("window", OpenApiTypes.INT, description="Days, in the cohort view."),
            OpenApiParameter("by", OpenApiTypes.STR, description="month, week, or another dimension."),
        ],
        responses={200: AnswerOut, **problems(404)},
    )
    def get(self, request: Request, name: str) -> Response:
        """One metric over some days."""
        asked = MetricAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        start, end = asked.validated_data["start"], asked.validated_data["end"]
        try:
            known = metric(name)
        except UnknownMetric:
            raise Http404
        try:
            question = Question(
                _period(start, end),
                view=asked.validated_data["view"],
                from_role=request.query_params.get("from", ""),
                to_role=request.query_params.get("to", ""),
                window_days=asked.validated_data.get("window"),
                by=asked.validated_data["by"],
            )
            question = known.accept(question)
            rows = known.rows(question)
        except BadQuestion as error:
            raise serializers.ValidationError({error.field: [str(error)]})
        return Response(AnswerOut({"metric": name, "view": question.view, "rows": rows}).data)


def _period(start: date, end: date) -> Period:
    try:
        return Period(start, end)
    except (ValueError, OverflowError) as error:
        raise serializers.ValidationError({"end": [str(error)]})
