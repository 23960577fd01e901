"""The filters of the list of leads."""

from __future__ import annotations

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext_lazy

from funnel.models import Journey, Stage
from leads.models import Lead
from leads.pages.filters import Choice
from leads.pages.filters import LeadFilter as LowerFilter
from scoring.models import Quadrant
from sla.models import Handoff
from sla.routing.capacity import offered_in_week
from teams.models import Role, User


def stage_choices() -> list[tuple[str, str]]:
    """The stages, by role where they have one, and the two ways a journey ends."""
    stages = [(stage.role or str(stage.pk), str(stage)) for stage in Stage.objects.known()]
    return [*stages, *((str(value), str(label)) for value, label in Journey.Ended.choices)]


def active_reps(request: HttpRequest | None) -> QuerySet[User]:
    return User.objects.active().with_role(Role.REP, Role.SDR)


class LeadFilter(LowerFilter):
    stage = Choice(label=gettext_lazy("Stage"), choices=stage_choices, method="by_stage")
    quadrant = Choice(label=gettext_lazy("Quadrant"), choices=Quadrant.choices, method="by_quadrant")

    # What counts for whose turn it is: offers that wait for an answer, and offers made this week.
    waits_for = filters.ModelChoiceFilter(
        label=gettext_lazy("Waits for an answer of"),
        queryset=active_reps,
        empty_label=gettext_lazy("Any"),
        method="by_offer",
    )
    offered_to = filters.ModelChoiceFilter(
        label=gettext_lazy("Offered this week to"), queryset=active_reps, widget=forms.HiddenInput(), method="by_week"
    )

    def by_offer(self, queryset: QuerySet[Lead], name: str, value: User) -> QuerySet[Lead]:
        return queryset.filter(Exists(Handoff.objects.open().for_rep(value).filter(lead=OuterRef("pk"))))

    def by_week(self, queryset: QuerySet[Lead], name: str, value: User) -> QuerySet[Lead]:
        return queryset.filter(Exists(offered_in_week(now()).for_rep(value).filter(lead=OuterRef("pk"))))

    def by_stage(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        if value in Journey.Ended.values:
            return queryset.filter(journey__closed_as=value)
        stage = Q(journey__stage_id=int(value)) if value.isdecimal() else Q(journey__stage__role=value)
        return queryset.filter(stage, journey__closed_at=None)

    def by_quadrant(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        by_machine = Q(score__override="", score__machine_quadrant=value)
        return queryset.filter(by_machine | Q(score__override=value))
