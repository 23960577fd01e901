"""The forms on the page of one lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leads.models import ActivityKind
from scoring.models import Quadrant
from sla.models import Handoff
from sla.routing.assignment import present_reps
from smarketing.pages import wording
from smarketing.pages.inputs import offer_known
from teams.models import User


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class ActivityForm(forms.Form):
    """An activity logged by hand."""

    kind = forms.ModelChoiceField(
        ActivityKind.objects.filter(retired_at=None), label=_("What"), to_field_name="key", empty_label=None
    )
    occurred_at = forms.DateTimeField(label=_("When"), widget=MomentInput(), input_formats=["%Y-%m-%dT%H:%M"])
    note = forms.CharField(label=_("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in ActivityKind.objects.known() if kind.retired_at is None]
        offer_known(self.fields["kind"], ActivityKind.objects.filter(retired_at=None), kinds)

    def clean_occurred_at(self) -> datetime:
        moment: datetime = self.cleaned_data["occurred_at"]
        if moment > now() + timedelta(minutes=5):
            raise forms.ValidationError(_("That is still to come."))
        return moment


class RepChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        words = ngettext("%(name)s, %(n)s open", "%(name)s, %(n)s open", obj.open)
        return words % {"name": wording.person_name(obj), "n": wording.number(obj.open)}


class ReassignmentForm(forms.Form):
    """Another rep of the receiving team who is present, also one above the limit: a manager may decide so."""

    rep = RepChoice(User.objects.none(), label=_("To whom"), empty_label=None)

    def __init__(self, *args: Any, handoff: Handoff, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rep = self.fields["rep"]
        assert isinstance(rep, RepChoice)
        rep.queryset = present_reps(handoff.hop.receiving_team, at=at).exclude(pk=handoff.rep_id)


class QuadrantForm(forms.Form):
    """An override of the quadrant."""

    quadrant = forms.ChoiceField(label=_("Quadrant"), choices=Quadrant.choices)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, error_messages={"required": _("Say why: both words will be shown.")}
    )
