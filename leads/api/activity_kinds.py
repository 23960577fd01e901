"""The kinds of activity, read by programs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models.activities import ActivityKind
from smarketing.api.endpoint import Endpoint
from smarketing.api.problems import problems


class KindOut(serializers.ModelSerializer[ActivityKind]):
    class Meta:
        model = ActivityKind
        fields = ["key", "name_en", "name_ja"]
        read_only_fields = fields


class ActivityKinds(Endpoint):
    @extend_schema(operation_id="activity_kinds", responses={200: KindOut(many=True), **problems()})
    def get(self, request: Request) -> Response:
        """The kinds of activity that are known here."""
        return Response(KindOut(ActivityKind.objects.filter(retired_at=None), many=True).data)
