"""Leads and what they did, by programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.activities.recording import Doing, Name, leads_meant, record_all
from leads.criteria import BadCriteria, check, condition
from leads.models.activities import Activity, ActivityKind
from leads.models.campaigns import Campaign
from leads.models.companies import Company
from leads.models.leads import Lead
from leads.registering import registration
from smarketing.api.problems import Conflict, faults_in, problems, writing_problems
from smarketing.database.counting import narrow_when_few
from smarketing.database.keyset import Cursor, Order, fetch_page
from teams.api.door import unkeepable
from teams.api.endpoints import Endpoint
from teams.models import User

NEWEST = Order("created_at", descending=True)
LATEST = Order("occurred_at", descending=True)
MOST = 200
BATCH = 1000
YEARS = range(1900, 2101)
AFTER = OpenApiParameter("after", OpenApiTypes.STR, description="Where the page begins: take it from `next`.")
SIZE = OpenApiParameter(
    "size", {"type": "integer", "minimum": 1, "maximum": MOST, "default": 50}, description="How many rows a page has."
)
OF_LEAD = OpenApiParameter(
    "lead", {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}, description="Only of the lead with this id."
)


# Lists


def listed(
    request: Request, queryset: QuerySet[Any], order: Order, serializer: type[serializers.Serializer[Any]]
) -> Response:
    """Answer one page of a list: `{"results": […], "next": absolute URL or null}`."""
    said = request.query_params.get("after", "")
    cursor = Cursor.parse(said) if said else None
    if said and cursor is None:
        raise serializers.ValidationError({"after": [_("This is no place in the list.")]})
    if request.query_params.keys() - {"after", "size"}:
        # Few rows are named by their keys: a rare word of a search is found at once.
        queryset = narrow_when_few(queryset)[0]
    page = fetch_page(queryset, order, cursor, size=_size(request))
    following = None
    if page.next:
        query = request.query_params.copy()
        query["after"] = str(page.next)
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": serializer(page.rows, many=True).data, "next": following})


def _size(request: Request) -> int:
    said = request.query_params.get("size", "50")
    if not (said.isascii() and said.isdigit() and len(said) < 5 and 1 <= int(said) <= MOST):
        raise serializers.ValidationError({"size": [_("Write a number from 1 to %(most)s.") % {"most": MOST}]})
    return int(said)


def of_lead(request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Narrow rows to the lead that the address names, if it names one."""
    said = request.query_params.get("lead")
    if said is None:
        return rows
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise serializers.ValidationError({"lead": [_("Write the id of a lead.")]})
    return rows.filter(lead=int(said))


class MomentField(serializers.DateTimeField):
    """A moment; without a zone it is read in the company's. Far from today it is a slip, not a moment."""

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if moment.year not in YEARS:
            raise serializers.ValidationError(_("Write a moment from 1900 to 2100."))
        return moment


# Which lead


class WhichLead(serializers.Serializer[Any]):
    """A lead by its id, its e-mail, or the id that another system gave it."""

    id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    email = serializers.CharField(required=False, max_length=254)
    system = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    external_id = serializers.CharField(required=False, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"id", "email", "external_id"} & set(attrs):
            raise serializers.ValidationError(_("Name the lead by id, email or external_id."))
        return attrs


def lead_named(said: Mapping[str, Any]) -> Lead:
    """Return the lead; `ValidationError` when there is none, `Conflict` when there are two."""
    return the_one(leads_meant([Name(**said)])[0])


def the_one(found: list[Lead]) -> Lead:
    if len(found) > 1:
        raise Conflict(registration.Conflict(found).sentence)
    if not found:
        raise serializers.ValidationError({"lead": [_("There is no such lead.")]})
    return found[0]


# Leads, as they are written. How they are read lies higher up, where scores and stages are known.


@extend_schema_field({"type": ["string", "number", "boolean"]})
class ScalarField(serializers.Field[Any, Any, Any, Any]):
    """A text, a number, yes or no, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | int | float):
            raise serializers.ValidationError(_("Write a text, a number, true, false or null."))
        if isinstance(data, int) and abs(data) >= 10**15:
            raise serializers.ValidationError(_("A number is too large."))
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.STR)
class ByWord(serializers.SlugRelatedField[Any]):
    """Something of ours that is named by a word of its own."""

    default_error_messages = {
        "does_not_exist": gettext_lazy("There is no “{value}” here."),
        "invalid": gettext_lazy("Write its name."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CompanyIn(serializers.ModelSerializer[Company]):
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
        return flat(super().to_internal_value(data))


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """The administrator's attributes beside the others, under the names that the verbs know: `custom.KEY`."""
    rest = {name: value for name, value in values.items() if name != "custom"}
    return rest | {f"custom.{key}": value for key, value in values.get("custom", {}).items()}


class LeadSaid(serializers.ModelSerializer[Lead]):
    """The attributes of a lead that a program may say."""

    email = serializers.CharField(required=False, allow_blank=True, max_length=254)
    consent = serializers.ChoiceField(required=False, choices=Lead.Consent.choices, allow_blank=True)
    campaign = ByWord(required=False, allow_null=True, slug_field="name", queryset=Campaign.objects.all())
    owner = ByWord(
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
        return flat(super().to_internal_value(data))


class LeadIn(LeadSaid):
    """A lead with what makes it known: an e-mail, an external id of a system, or both."""

    system = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    external_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    company = CompanyIn(required=False)

    class Meta(LeadSaid.Meta):
        fields = ["system", "external_id", *LeadSaid.Meta.fields]

    def told(self) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return the values as the verbs take them, and the identities."""
        values = dict(self.validated_data)
        identity = values.pop("system"), values.pop("external_id")
        company = values.pop("company", {})
        return values | {f"company.{name}": value for name, value in company.items()}, [identity] if identity[1] else []


class LeadChange(LeadSaid):
    """What changes of a lead. What is left out stays; what is empty or null is emptied."""

    company = CompanyIn(required=False, allow_null=True)


def faults_of(error: Invalid) -> serializers.ValidationError:
    """Django's complaint about a value, as the API says it."""
    if not hasattr(error, "error_dict"):
        return serializers.ValidationError(error.messages)
    nested: dict[str, Any] = {}
    for name, messages in error.message_dict.items():
        *groups, last = _path(name)
        inner = nested
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = messages
    return serializers.ValidationError(nested)


def _path(name: str) -> list[str]:
    """Where the body has what the verbs call by one name: `company.custom.rank`."""
    group, dot, rest = name.partition(".")
    return [name] if not dot else ["company", *_path(rest)] if group == "company" else [group, rest]


def leads_asked_for(request: Request, leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Narrow leads by `criteria`, a tree of conditions as JSON."""
    said = request.query_params.get("criteria")
    if not said:
        return leads
    try:
        tree = json.loads(said)
    except (ValueError, RecursionError):
        raise serializers.ValidationError({"criteria": [_("This is no JSON.")]})
    if fault := unkeepable(tree):
        raise serializers.ValidationError({"criteria": [fault]})
    try:
        check(tree)
    except BadCriteria as error:
        faults = [f"{where}: {what}" if where else str(what) for where, what in error.errors]
        raise serializers.ValidationError({"criteria": faults})
    return leads.filter(condition(tree, at=now()))


# Activities


class ActivityOut(serializers.ModelSerializer[Activity]):
    kind = serializers.SlugRelatedField[ActivityKind](slug_field="key", read_only=True)
    properties = serializers.DictField(read_only=True)

    class Meta:
        model = Activity
        fields = ["id", "lead", "kind", "occurred_at", "properties", "system"]
        read_only_fields = fields


class ActivityIn(serializers.Serializer[Any]):
    """One thing a lead did. Sent again with the same message id of the same system, it is the same activity."""

    lead = WhichLead()
    kind = serializers.SlugField(max_length=40)
    occurred_at = MomentField()
    message_id = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    system = serializers.CharField(required=False, allow_blank=True, default="api", max_length=60)
    properties = serializers.DictField(required=False, default=dict)


class Activities(serializers.Serializer[Any]):
    activities = serializers.ListField(child=ActivityIn(), min_length=1, max_length=BATCH)


class Refused(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the batch, counted from 0.")
    errors = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]


class Taken(serializers.Serializer[Any]):
    """How many are new, how many were known by their message id, and which could not be taken, and why."""

    created = serializers.IntegerField()
    known = serializers.IntegerField()
    rejected = Refused(many=True)


class ActivityPage(serializers.Serializer[Any]):
    results = ActivityOut(many=True)
    next = serializers.URLField(allow_null=True)


class ActivityList(Endpoint):
    @extend_schema(
        operation_id="activities_list", parameters=[OF_LEAD, AFTER, SIZE], responses={200: ActivityPage, **problems()}
    )
    def get(self, request: Request) -> Response:
        """What leads did, the latest first."""
        activities = Activity.objects.select_related("kind")
        return listed(request, of_lead(request, activities), LATEST, ActivityOut)

    @extend_schema(
        operation_id="activities_create",
        request=PolymorphicProxySerializer(
            "ActivityBatch", [Activities, ActivityIn(many=True)], resource_type_field_name=None, many=False
        ),
        responses={200: Taken, **writing_problems()},
    )
    def post(self, request: Request) -> Response:
        """Take a batch of what leads did.

        Up to 1000 at once, as `{"activities": […]}` or as the list alone. An activity whose `message_id` is known
        within its `system` is the same activity, and is not taken twice; without a `message_id` each is a new one.
        The good ones are kept, also where others cannot be taken.
        """
        batch = Batch(_batch_of(request.data))
        created = sum(record_all(batch.doings))
        return Response(
            {
                "created": created,
                "known": len(batch.doings) - created,
                "rejected": [{"index": n, "errors": texts} for n, texts in sorted(batch.rejected.items())],
            }
        )


def _batch_of(said: Any) -> list[Any]:
    """The activities that were sent, each still unread."""
    bare = isinstance(said, list)
    activities = said if bare else said.get("activities") if isinstance(said, dict) else None
    fault = ""
    if not isinstance(activities, list):
        fault = _("Send a list of activities.")
    elif not 1 <= len(activities) <= BATCH:
        fault = _("Send from 1 to %(most)s activities at once.") % {"most": BATCH}
    if fault:
        raise serializers.ValidationError([fault] if bare else {"activities": [fault]})
    assert isinstance(activities, list)
    return activities


class Batch:
    """Activities as they were sent: those that can be kept, and why the others cannot."""

    def __init__(self, sent: list[Any]) -> None:
        self.doings: list[Doing] = []
        self.rejected: dict[int, list[str]] = {}
        read = dict(self._read(sent))
        kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
        meant = leads_meant([Name(**said["lead"]) for said in read.values()])
        for (number, said), leads in zip(read.items(), meant, strict=True):
            try:
                self.doings.append(_doing(said, leads, kinds))
            except (serializers.ValidationError, Conflict) as error:
                self._refuse(number, error)

    def _read(self, sent: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        reader = ActivityIn()
        for number, said in enumerate(sent):
            try:
                yield number, reader.run_validation(said)
            except serializers.ValidationError as error:
                self._refuse(number, error)

    def _refuse(self, number: int, error: serializers.ValidationError | Conflict) -> None:
        faults = faults_in(error.detail)
        self.rejected[number] = [": ".join(filter(None, (".".join(path), text))) for path, text in faults]


def _doing(said: dict[str, Any], leads: list[Lead], kinds: Mapping[str, ActivityKind]) -> Doing:
    kind = kinds.get(said["kind"])
    if kind is None:
        raise serializers.ValidationError({"kind": [_("There is no such kind of activity.")]})
    return Doing(**said | {"lead": the_one(leads), "kind": kind})


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
