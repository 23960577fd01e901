"""Activities, sent in batches and read by programs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.activities.recording import ActivityInput, record_all
from leads.api.lead_reference import LEAD, LeadReference, filter_by_lead, single_lead
from leads.models.activities import Activity, ActivityKind
from leads.models.leads import Lead, LeadQuerySet
from leads.registering.identities import LeadKeys, leads_named
from smarketing.api.endpoint import Endpoint
from smarketing.api.fields import KnownMembers, MomentField, no_such_members
from smarketing.api.paging import AFTER, SIZE, list_response
from smarketing.api.problems import Conflict, flatten_faults, problems, writing_problems
from smarketing.database.keyset import Order
from teams.api.authentication import caller
from teams.models import User
from teams.records import editable_of

LATEST = Order("occurred_at", descending=True)
MAX_BATCH = 1000


class ActivityOut(serializers.ModelSerializer[Activity]):
    kind = serializers.SlugRelatedField[ActivityKind](slug_field="key", read_only=True)
    properties = serializers.DictField(read_only=True)

    class Meta:
        model = Activity
        fields = ["id", "lead", "kind", "occurred_at", "properties", "system"]
        read_only_fields = fields


class ActivityIn(KnownMembers):
    """One thing a lead did. Sent again with the same message id of the same system, it is the same activity."""

    lead = LeadReference()
    kind = serializers.SlugField(max_length=40)
    occurred_at = MomentField()
    message_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    system = serializers.CharField(required=False, allow_blank=True, default="api", max_length=60)
    properties = serializers.DictField(required=False, default=dict)


class Activities(serializers.Serializer[Any]):
    activities = serializers.ListField(child=ActivityIn(), min_length=1, max_length=MAX_BATCH)


class RejectedActivity(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the batch, counted from 0.")
    errors = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]


class BatchResult(serializers.Serializer[Any]):
    """How many are new, how many were known by their message id, and which could not be taken, and why."""

    created = serializers.IntegerField()
    known = serializers.IntegerField()
    rejected = RejectedActivity(many=True)


class ActivityPage(serializers.Serializer[Any]):
    results = ActivityOut(many=True)
    next = serializers.URLField(allow_null=True)


class ActivityList(Endpoint):
    @extend_schema(
        operation_id="activities_list", parameters=[LEAD, AFTER, SIZE], responses={200: ActivityPage, **problems()}
    )
    def get(self, request: Request) -> Response:
        """What leads did, the latest first."""
        activities = Activity.objects.select_related("kind")
        return list_response(request, filter_by_lead(request, activities), LATEST, ActivityOut)

    @extend_schema(
        operation_id="activities_create",
        request=PolymorphicProxySerializer(
            "ActivityBatch", [Activities, ActivityIn(many=True)], resource_type_field_name=None, many=False
        ),
        responses={200: BatchResult, **writing_problems()},
    )
    def post(self, request: Request) -> Response:
        """Take a batch of what leads did.

        Up to 1000 at once, as `{"activities": […]}` or as the list alone. An activity whose `message_id` is known
        within its `system` is the same activity, and is not taken twice; without a `message_id` each is a new one.
        The good ones are kept, also where others cannot be taken.
        """
        with transaction.atomic():
            batch = ActivityBatch(_activities_in(request.data), rights_of=caller(request))
            created = sum(record_all(batch.accepted))
        return Response(
            {
                "created": created,
                "known": len(batch.accepted) - created,
                "rejected": [{"index": index, "errors": faults} for index, faults in sorted(batch.rejected.items())],
            }
        )


def _activities_in(body: Any) -> list[Any]:
    """The activities of a body, each still unparsed."""
    is_list = isinstance(body, list)
    activities = body if is_list else body.get("activities") if isinstance(body, dict) else None
    if isinstance(body, dict) and (unknown := body.keys() - {"activities"}):
        raise serializers.ValidationError(no_such_members(map(str, sorted(unknown))))
    fault = ""
    if not isinstance(activities, list):
        fault = _("Send a list of activities.")
    elif not 1 <= len(activities) <= MAX_BATCH:
        fault = _("Send from 1 to %(most)s activities at once.") % {"most": MAX_BATCH}
    if fault:
        raise serializers.ValidationError([fault] if is_list else {"activities": [fault]})
    assert isinstance(activities, list)
    return activities


class ActivityBatch:
    """Activities as they were sent: those that can be stored, and why the others cannot. Made inside a transaction."""

    def __init__(self, items: list[Any], *, rights_of: User) -> None:
        self.accepted: list[ActivityInput] = []
        # The faults by the place of the activity in the batch.
        self.rejected: dict[int, list[str]] = {}
        parsed = dict(self._parse(items))
        kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
        matches = leads_named([LeadKeys(**values["lead"]) for values in parsed.values()])
        named = {lead.pk for leads in matches for lead in leads}
        editable = editable_of(Lead.objects.all(), rights_of, named)
        for (index, values), leads in zip(parsed.items(), matches, strict=True):
            try:
                self.accepted.append(_activity(values, leads, kinds, editable))
            except (serializers.ValidationError, Conflict) as error:
                self._reject(index, error)

    def _parse(self, items: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        serializer = ActivityIn()
        for index, item in enumerate(items):
            try:
                yield index, serializer.run_validation(item)
            except serializers.ValidationError as error:
                self._reject(index, error)

    def _reject(self, index: int, error: serializers.ValidationError | Conflict) -> None:
        faults = flatten_faults(error.detail)
        self.rejected[index] = [": ".join(filter(None, (".".join(path), text))) for path, text in faults]


def _activity(
    values: dict[str, Any], leads: list[Lead], kinds: Mapping[str, ActivityKind], editable: Collection[int]
) -> ActivityInput:
    kind = kinds.get(values["kind"])
    if kind is None:
        raise serializers.ValidationError({"kind": [_("There is no such kind of activity.")]})
    lead = single_lead(leads)
    if lead.pk not in editable:
        raise serializers.ValidationError({"lead": [LeadQuerySet.refusal]})
    return ActivityInput(**values | {"lead": lead, "kind": kind})
