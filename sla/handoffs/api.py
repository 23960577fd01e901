"""Hand-offs, by programs that act for a rep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from funnel.models import Journey, Reason
from leads.models import Persona
from sla.handoffs.handing_on import Owned, left_to, take_over
from sla.handoffs.models.handoffs import Handoff, HandoffQuerySet
from sla.handoffs.models.touches import Touch
from sla.handoffs.worklist import nobodys_work
from smarketing.api.endpoint import Endpoint
from smarketing.api.fields import KnownMembers, MomentField, NaturalKeyField, NoMembers
from smarketing.api.paging import AFTER, SIZE, list_response
from smarketing.api.problems import Conflict, problems, writing_problems
from smarketing.database.keyset import Order
from teams.api.authentication import caller

BY_OFFER = Order("offered_at", descending=True)


class HandoffOut(serializers.ModelSerializer[Handoff]):
    reason = serializers.SlugRelatedField[Reason](slug_field="key", read_only=True, allow_null=True)
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    breached_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Handoff
        fields = [
            "id", "lead", "offered_at", "due_at", "breached_at", "answer", "answered_at", "reason", "verdict", "note",
            "persona", "named_persona", "follows", "replaces",
        ]  # fmt: skip


class HandoffPage(serializers.Serializer[Any]):
    results = HandoffOut(many=True)
    next = serializers.URLField(allow_null=True)


class PersonaField(serializers.PrimaryKeyRelatedField[Persona]):
    """Which persona a lead is that was offered without one."""

    def __init__(self) -> None:
        super().__init__(
            queryset=Persona.objects.filter(retired_at=None),
            required=False,
            allow_null=True,
            default=None,
            help_text="Which persona it is, if any: asked of a lead that was offered without one.",
        )


class RejectionIn(KnownMembers):
    reason = NaturalKeyField(
        slug_field="key",
        queryset=Reason.objects.offered(Reason.Kind.REJECTED),
        help_text="The key of an agreed reason, from `/reasons/?kind=rejected`.",
    )
    verdict = serializers.ChoiceField(
        choices=Handoff.Verdict.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="Whether the lead fits its persona: asked of a lead that was offered with one.",
    )
    persona = PersonaField()
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    wake_at = MomentField(
        required=False,
        allow_null=True,
        default=None,
        help_text="In nurture the lead sleeps until then, whatever it does; later than now, and not with a reason that"
        " closes its journey. None: it may qualify after the cool-off.",
    )
    only_with_news = serializers.BooleanField(
        required=False, default=False, help_text="true: in nurture it wakes only when it does something new."
    )

    def validate_wake_at(self, wake_at: datetime | None) -> datetime | None:
        if wake_at and wake_at <= now():
            raise serializers.ValidationError(_("Write a moment that is still to come."))
        return wake_at

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        reason = values["reason"]
        if reason.disqualifies and values["wake_at"]:
            text = _("“%(reason)s” closes the lead's journey: it does not wake up. Leave this empty.")
            raise serializers.ValidationError({"wake_at": [text % {"reason": reason}]})
        return values


class AcceptanceIn(KnownMembers):
    verdict = serializers.ChoiceField(
        choices=Handoff.Verdict.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="Whether the lead fits the persona, where it can be told already.",
    )
    persona = PersonaField()


class TouchIn(KnownMembers):
    kind = serializers.ChoiceField(choices=Touch.Kind.choices)
    contact = serializers.BooleanField(
        required=False, default=False, help_text="true: they answered. false: an attempt."
    )
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class TouchOut(serializers.ModelSerializer[Touch]):
    contact = serializers.BooleanField(source="is_contact", read_only=True)

    class Meta:
        model = Touch
        fields = ["id", "handoff", "at", "kind", "contact", "note"]


def handoff_queryset(request: Request) -> QuerySet[Handoff]:
    """The hand-offs of the rep who calls: another's are not there."""
    return _told(Handoff.objects.for_rep(caller(request)))


def _told(handoffs: HandoffQuerySet) -> QuerySet[Handoff]:
    return handoffs.with_clock().select_related("reason", "lead", "hop", "rep")


def _is_asked(request: Request, name: str) -> bool:
    """Whether this parameter is true."""
    match request.query_params.get(name, "false"):
        case "true":
            return True
        case "false":
            return False
        case _:
            raise serializers.ValidationError({name: [_("Write true or false.")]})


def _answer(request: Request, pk: int, answer: str, **values: Any) -> Response:
    handoff = get_object_or_404(handoff_queryset(request), pk=pk)
    if answer == "reject" and handoff.persona_id and not values["verdict"]:
        raise serializers.ValidationError({"verdict": [_("Say whether the lead fits the persona.")]})
    if handoff.persona_id and values["persona"]:
        raise serializers.ValidationError(
            {"persona": [_("This lead was offered with a persona: say whether it fits.")]}
        )
    try:
        getattr(handoff, answer)(by=request.user, **values)
    except (Handoff.Answered, Journey.Moved):
        raise Conflict(_("This hand-off was answered or withdrawn a moment ago. Nothing was changed."))
    except Handoff.NeedsWords:
        raise serializers.ValidationError({"note": [_("This reason says nothing by itself: add a note.")]})
    except Handoff.NotAgreed:
        raise serializers.ValidationError({"reason": [_("The agreement does not name this reason here.")]})
    return Response(HandoffOut(handoff_queryset(request).get(pk=pk)).data)


class HandoffList(Endpoint):
    @extend_schema(
        operation_id="handoffs_list",
        parameters=[
            OpenApiParameter("open", OpenApiTypes.BOOL, description="true: only what waits for an answer."),
            OpenApiParameter(
                "nobodys",
                OpenApiTypes.BOOL,
                description="true: instead of mine what a rep of my team accepted who left since, to be taken.",
            ),
            AFTER,
            SIZE,
        ],
        responses={200: HandoffPage, **problems()},
    )
    def get(self, request: Request) -> Response:
        """My hand-offs, the latest first; or those of my team that wait for somebody to take them."""
        rows = handoff_queryset(request)
        if _is_asked(request, "nobodys"):
            rows = _told(Handoff.objects.filter(pk__in=nobodys_work(left_to(caller(request))).values("pk")))
        if _is_asked(request, "open"):
            rows = rows.filter(answer="")
        return list_response(request, rows.order_by(), BY_OFFER, HandoffOut)


class HandoffDetail(Endpoint):
    @extend_schema(operation_id="handoffs_read", responses={200: HandoffOut, **problems(404)})
    def get(self, request: Request, pk: int) -> Response:
        """One of my hand-offs."""
        return Response(HandoffOut(get_object_or_404(handoff_queryset(request), pk=pk)).data)


class Acceptance(Endpoint):
    @extend_schema(
        operation_id="handoffs_accept", request=AcceptanceIn, responses={200: HandoffOut, **writing_problems(404, 409)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say yes: the clock stops, and the lead moves on."""
        get_object_or_404(handoff_queryset(request), pk=pk)
        # A yes needs no body at all.
        serializer = AcceptanceIn(data={} if request.data is None else request.data)
        serializer.is_valid(raise_exception=True)
        return _answer(request, pk, "accept", **serializer.validated_data)


class Rejection(Endpoint):
    @extend_schema(
        operation_id="handoffs_reject", request=RejectionIn, responses={200: HandoffOut, **writing_problems(404, 409)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say no, and why: the lead goes back to marketing."""
        get_object_or_404(handoff_queryset(request), pk=pk)
        serializer = RejectionIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        return _answer(request, pk, "reject", **serializer.validated_data)


class Touches(Endpoint):
    @extend_schema(
        operation_id="handoffs_touch", request=TouchIn, responses={201: TouchOut, **writing_problems(404, 409)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Write down what was done to reach the lead. The first touch stops the clock of the first touch."""
        handoff = get_object_or_404(handoff_queryset(request), pk=pk)
        serializer = TouchIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            touch = handoff.touch(by=caller(request), **serializer.validated_data)
        except Handoff.Over:
            raise Conflict(_("Nobody works this hand-off: it is not accepted, was given up, or its lead went back."))
        return Response(TouchOut(touch).data, status=201)


class Taking(Endpoint):
    @extend_schema(
        operation_id="handoffs_take", request=None, responses={200: HandoffOut, **writing_problems(404, 409)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take over what a rep of my team accepted who left since: the answer is my own hand-off, which replaces it.
        Taken again it stays yours; what somebody else took is 409."""
        person = caller(request)
        handoff = get_object_or_404(left_to(person).select_related("lead", "hop"), pk=pk)
        NoMembers.check(request.data)
        try:
            taken = take_over(handoff, by=person)
        except Owned:
            raise Conflict(_("Somebody else has taken it. Nothing was changed."))
        except (Handoff.Over, Journey.Moved):
            raise Conflict(_("The lead has moved on, or was given up. Nothing was changed."))
        return Response(HandoffOut(handoff_queryset(request).get(pk=taken.pk)).data)
