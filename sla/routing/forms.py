"""The limits of a team's members, and its territories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.criteria.forms import CriteriaField, WithCriteria
from sla.routing.models import Capacity, Territory
from smarketing.pages.wording import person_name
from teams.models import Team, User

MAX_LIMIT = 1000
LIMITS = {"most_open": gettext_lazy("Open at most"), "most_a_week": gettext_lazy("A week at most")}


class CapacityForm(forms.Form):
    """The limits of every member of a team, each in two fields; empty: no limit."""

    def __init__(
        self, *args: Any, members: Sequence[User], capacities: Mapping[int, Capacity] | None = None, **kwargs: Any
    ) -> None:
        """`capacities`: the limits by the person's id, if the caller has them already."""
        super().__init__(*args, **kwargs)
        self.members = list(members)
        self.capacities = capacity_by_user(self.members) if capacities is None else capacities
        for member in self.members:
            for name, label in LIMITS.items():
                self.fields[f"{name}_{member.pk}"] = forms.IntegerField(
                    label=_("%(person)s: %(what)s") % {"person": person_name(member), "what": label},
                    required=False,
                    min_value=1,
                    max_value=MAX_LIMIT,
                    initial=getattr(self.capacities.get(member.pk), name, None),
                    widget=forms.NumberInput(attrs={"class": "field__input--short", "placeholder": "–"}),
                )

    def limit_fields(self, member: User) -> dict[str, forms.BoundField]:
        """The two fields of one member."""
        return {name: self[f"{name}_{member.pk}"] for name in LIMITS}

    def save(self) -> None:
        """Save the limits that changed; a member without any gets no row."""
        with transaction.atomic():
            for member in self.members:
                values = {name: self.cleaned_data[f"{name}_{member.pk}"] for name in LIMITS}
                if values != _limit_values(self.capacities.get(member.pk)):
                    Capacity.objects.update_or_create(user=member, defaults=values)


def capacity_by_user(members: Sequence[User]) -> dict[int, Capacity]:
    return Capacity.objects.in_bulk([member.pk for member in members])


def _limit_values(capacity: Capacity | None) -> Mapping[str, int | None]:
    return {name: getattr(capacity, name, None) for name in LIMITS}


class PeopleChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: User) -> str:
        return person_name(obj)


class TerritoryForm(WithCriteria, forms.ModelForm):  # type: ignore[type-arg]
    criteria = CriteriaField(label=gettext_lazy("Which leads"))

    class Meta:
        model = Territory
        fields = ("name", "members", "criteria")

    def __init__(self, *args: Any, team: Team, members: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.team = team
        self.fields["members"] = PeopleChoice(
            User.objects.filter(pk__in=[member.pk for member in members]).order_by(
                "family_name", "given_name", "email"
            ),
            label=_("Who works it"),
            widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
            error_messages={"required": _("Choose at least one person: leads of a territory go to them alone.")},
        )
