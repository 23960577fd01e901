"""Hand-offs, by programs that act for a rep."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from funnel.models import Journey, Reason
from leads.api import AFTER, SIZE, ByWord, listed
from leads.paging import Sort
from sla.models import Handoff
from teams.api import Endpoint, caller
from teams.problems import Conflict, problems, writing_problems

BY_OFFER = Sort("offered", "", "offered_at", descending=True)


class HandoffOut(serializers.ModelSerializer[Handoff]):
    reason = serializers.SlugRelatedField[Reason](slug_field="key", read_only=True, allow_null=True)
    due_at = serializers.DateTimeField(read_only=True)
    breached_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Handoff
        fields = [
            "id", "lead", "offered_at", "due_at", "breached_at", "answer", "answered_at", "reason", "verdict", "note",
        ]  # fmt: skip


class HandoffPage(serializers.Serializer[Any]):
    results = HandoffOut(many=True)
    next = serializers.URLField(allow_null=True)


class RejectionIn(serializers.Serializer[Any]):
    reason = ByWord(
        slug_field="key",
        queryset=Reason.objects.offered(Reason.Kind.REJECTED),
        help_text="The key of an agreed reason, from `/reasons/?kind=rejected`.",
    )
    verdict = serializers.ChoiceField(choices=Handoff.Verdict.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


def mine(request: Request) -> QuerySet[Handoff]:
    return Handoff.objects.for_rep(caller(request)).with_clock().select_related("reason", "lead", "hop", "rep")


def _answer(request: Request, pk: int, answer: str, **said: Any) -> Response:
    handoff = get_object_or_404(mine(request), pk=pk)
    try:
        getattr(handoff, answer)(by=request.user, **said)
    except (Handoff.Answered, Journey.Moved):
        raise Conflict(_("This hand-off was answered or withdrawn a moment ago. Nothing was changed."))
    except Handoff.NeedsWords:
        raise serializers.ValidationError({"note": [_("This reason says nothing by itself: add a note.")]})
    return Response(HandoffOut(mine(request).get(pk=pk)).data)


class HandoffList(Endpoint):
    @extend_schema(
        operation_id="handoffs_list",
        parameters=[
            OpenApiParameter("open", OpenApiTypes.BOOL, description="true: only what waits for an answer."),
            AFTER,
            SIZE,
        ],
        responses={200: HandoffPage, **problems()},
    )
    def get(self, request: Request) -> Response:
        """My hand-offs, the latest first."""
        rows = mine(request).order_by()
        match request.query_params.get("open", "false"):
            case "true":
                rows = rows.filter(answer="")
            case "false":
                pass
            case _:
                raise serializers.ValidationError({"open": [_("Write true or false.")]})
        return listed(request, rows, BY_OFFER, HandoffOut)


class HandoffDetail(Endpoint):
    @extend_schema(operation_id="handoffs_read", responses={200: HandoffOut, **problems(404)})
    def get(self, request: Request, pk: int) -> Response:
        """One of my hand-offs."""
        return Response(HandoffOut(get_object_or_404(mine(request), pk=pk)).data)


class Acceptance(Endpoint):
    @extend_schema(operation_id="handoffs_accept", request=None, responses={200: HandoffOut, **problems(404, 409)})
    def post(self, request: Request, pk: int) -> Response:
        """Say yes: the clock stops, and the lead moves on."""
        return _answer(request, pk, "accept")


class Rejection(Endpoint):
    @extend_schema(
        operation_id="handoffs_reject", request=RejectionIn, responses={200: HandoffOut, **writing_problems(404, 409)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say no, and why: the lead goes back to marketing."""
        get_object_or_404(mine(request), pk=pk)
        said = RejectionIn(data=request.data)
        said.is_valid(raise_exception=True)
        return _answer(request, pk, "reject", **said.validated_data)


urlpatterns = [
    path("handoffs/", HandoffList.as_view(), name="api-handoffs"),
    path("handoffs/<int:pk>/", HandoffDetail.as_view(), name="api-handoff"),
    path("handoffs/<int:pk>/acceptance/", Acceptance.as_view(), name="api-acceptance"),
    path("handoffs/<int:pk>/rejection/", Rejection.as_view(), name="api-rejection"),
]
