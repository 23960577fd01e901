"""Leads with where they stand and what they are worth, by programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.leads import LeadChange, LeadIn, filter_by_criteria, registration_problems
from leads.models import Company, Identity, Lead, LeadQuerySet
from leads.registering.companies import change_company, register_company
from leads.registering.registration import change, register
from leads.registering.searching import search
from leads.registering.taking import Owned, take
from scoring.formula import MILLION
from smarketing.api.endpoint import Endpoint
from smarketing.api.fields import NoMembers
from smarketing.api.paging import AFTER, NEWEST, SIZE, list_response
from smarketing.api.problems import MOVED, Conflict, Merged, problems, writing_problems
from teams.api.authentication import caller
from teams.models import Role
from teams.records import changing, get_editable


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
            "phone", "phone_e164", "title", "department", "seniority", "buying_role", "country", "region", "source",
            "campaign", "consent", "is_free_mail", "company", "owner", "custom", "created_at", "fit", "interest",
            "quadrant", "stage",
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


def lead_queryset() -> LeadQuerySet:
    leads = Lead.objects.unmerged().select_related("company", "campaign", "owner", "score", "journey__stage")
    return leads.prefetch_related("identities")


@contextmanager
def naming_successor(pk: int) -> Iterator[None]:
    """Where there is no such lead because it became one with another, raise `Merged`, which names that one."""
    try:
        yield
    except Http404:
        became = Lead.objects.filter(pk=pk).values_list("merged_into", flat=True).first()
        if became is None:
            raise
        raise Merged(became, reverse("api-lead", args=[became])) from None


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
        leads = filter_by_criteria(request, lead_queryset())
        return list_response(request, search(leads, request.query_params.get("search", "")), NEWEST, LeadOut)

    @extend_schema(
        operation_id="leads_create",
        request=LeadIn,
        responses={200: LeadOut, 201: LeadOut, **writing_problems(409)},
    )
    def post(self, request: Request) -> Response:
        """Create a lead (201), or update the one that the e-mail or the external id names (200).

        What is left out, and what is empty, stays as it is. When the e-mail and the external id name two different
        leads, nothing is changed (409). Of a lead that you may only read, nothing is changed (403). A new lead for
        which somebody who sells names no owner is theirs.
        """
        by = caller(request)
        serializer = LeadIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        values, identities = serializer.cleaned_values()
        new_owner = by if by.has_role(Role.REP, Role.SDR) and "owner" not in values else None
        with registration_problems():
            lead, created = register(values, identities=identities, by=by, how="api", rights_of=by, new_owner=new_owner)
        return Response(LeadOut(lead_queryset().get(pk=lead.pk)).data, status=201 if created else 200)


class LeadDetail(Endpoint):
    @extend_schema(operation_id="leads_read", responses={200: LeadOut, **problems(MOVED, 404)})
    def get(self, request: Request, pk: int) -> Response:
        """One lead. One that was merged redirects to the lead that it became (308)."""
        with naming_successor(pk):
            return Response(LeadOut(get_object_or_404(lead_queryset(), pk=pk)).data)

    @extend_schema(
        operation_id="leads_update",
        request=LeadChange,
        responses={200: LeadOut, **writing_problems(404, 409, 410, 422)},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is said: what is left out stays, what is empty or null is emptied.

        Of a lead that was merged nothing is changed (410): `merged_into` names the one that it became.
        """
        by = caller(request)
        with naming_successor(pk):
            lead = get_editable(lead_queryset(), by, pk=pk)
        serializer = LeadChange(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        serializer.check_what_stays(lead)
        with transaction.atomic():
            if company := values.get("company"):
                with registration_problems("company"):
                    values["company"] = employer = register_company(company, by=by, how="api", rights_of=by)
                    emptied = {name: value for name, value in company.items() if value in (None, "")}
                    if employer and emptied:
                        change_company(employer, emptied, by=by, how="api", rights_of=by)
            with registration_problems(), changing(by, lead):
                change(lead, values, by=by, how="api")
        return Response(LeadOut(lead_queryset().get(pk=pk)).data)


class LeadTaking(Endpoint):
    @extend_schema(operation_id="leads_take", request=None, responses={200: LeadOut, **writing_problems(404, 409, 410)})
    def post(self, request: Request, pk: int) -> Response:
        """Own a lead that nobody owns or works. Taken again it stays yours; what is somebody's is 409."""
        with naming_successor(pk):
            lead = get_object_or_404(lead_queryset(), pk=pk)
        NoMembers.check(request.data)
        try:
            take(lead, by=caller(request), how="api")
        except Owned:
            raise Conflict(_("Somebody else has taken it. Nothing was changed."))
        return Response(LeadOut(get_object_or_404(lead_queryset(), pk=pk)).data)
