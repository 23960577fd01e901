"""Every metric, by programs."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from metrics.period import Period
from metrics.registry import BadQuestion, Question, UnknownMetric, View, metric, metrics
from smarketing.api.endpoint import Endpoint
from smarketing.api.fields import YEARS
from smarketing.api.problems import problems
from teams.api.authentication import caller
from teams.permissions import people_shown_to


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


def validate_year(day: date) -> None:
    if day.year not in YEARS:
        raise serializers.ValidationError(_("Write a day from 1900 to 2100."))


class MetricQuery(serializers.Serializer[Any]):
    start = serializers.DateField(validators=[validate_year])
    end = serializers.DateField(validators=[validate_year])
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
        """One metric over some days. By rep you see your own row, as the head of a team those of the team, and one row
        `others`; managers and administrators see all."""
        query = MetricQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        start, end = query.validated_data["start"], query.validated_data["end"]
        try:
            known = metric(name)
        except UnknownMetric:
            raise Http404
        try:
            question = Question(
                _period(start, end),
                view=query.validated_data["view"],
                from_role=request.query_params.get("from", ""),
                to_role=request.query_params.get("to", ""),
                window_days=query.validated_data.get("window"),
                by=query.validated_data["by"],
                people=people_shown_to(caller(request)),
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
