"""What reps say about hand-offs: yes, no, what they did to reach the lead, and that they stop."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Reason, StageRole
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.touches import Touch
from smarketing.company import company_zone
from smarketing.pages.inputs import DateInput

CONTACT = "contact"


def to_come(day: date | None, zone: ZoneInfo) -> date | None:
    """Refuse a day that is not after today."""
    if day and day <= now().astimezone(zone).date():
        raise ValidationError(_("Choose a day after today."))
    return day


def start_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None


class AcceptanceForm(forms.Form):
    """A word on the persona with the yes, where it can be told already."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Does this lead fit the persona?"),
        choices=Handoff.Verdict.choices,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "segments", "form": "acceptance"}),
    )


class WithReason(forms.Form):
    """A reason, the words that some reasons want, and when a lead that goes to nurture wakes."""

    reason = forms.ModelChoiceField(
        Reason.objects.none(),
        label=gettext_lazy("Reason"),
        empty_label=None,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )
    note = forms.CharField(
        label=gettext_lazy("A word to marketing"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    wake_on = forms.DateField(
        label=gettext_lazy("Wakes on"),
        required=False,
        widget=DateInput(),
        help_text=gettext_lazy(
            "In nurture it sleeps until then, whatever it does. Empty: it may qualify again after the cool-off."
        ),
    )

    only_with_news = forms.BooleanField(label=gettext_lazy("Wakes only when it does something new"), required=False)

    def offer(self, reasons: Any) -> None:
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ModelChoiceField)
        reason.queryset = reasons

    def clean_wake_on(self) -> date | None:
        return to_come(self.cleaned_data["wake_on"], company_zone())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        reason = cleaned.get("reason")
        if reason and reason.needs_text and not cleaned.get("note", "").strip():
            self.add_error("note", _("“%(reason)s” says nothing by itself: add a word.") % {"reason": reason})
        if reason and reason.disqualifies and cleaned.get("wake_on"):
            text = _("“%(reason)s” closes the lead's journey: it does not wake up. Leave this empty.")
            self.add_error("wake_on", text % {"reason": reason})
        return cleaned

    def said(self) -> dict[str, Any]:
        """What the verbs take."""
        given = dict(self.cleaned_data)
        return given | {"wake_at": start_of(given.pop("wake_on", None), company_zone())}


class RejectionForm(WithReason):
    """Why a lead is not for sales now, and whether it is the buyer we agreed on."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Does this lead fit the persona?"),
        choices=Handoff.Verdict.choices,
        widget=forms.RadioSelect(attrs={"class": "segments"}),
        error_messages={"required": gettext_lazy("Say whether the lead fits the persona.")},
    )

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(handoff.reasons())
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ModelChoiceField)
        reason.to_field_name = "key"
        reason.label = _("Why is it not for sales now?")
        reason.error_messages["required"] = _("Choose a reason: marketing learns from it.")
        if handoff.hop.rejected_stage.role != StageRole.LEAD:
            del self.fields["wake_on"], self.fields["only_with_news"]


class TouchForm(forms.Form):
    """What was done to reach the lead: which way, and whether it answered, by the button that is pressed."""

    done = forms.ChoiceField(
        choices=[
            (value, label)
            for kind, label in Touch.Kind.choices
            for value in (kind, f"{kind} {CONTACT}")
        ],
        error_messages={
            "required": gettext_lazy("Say what you did: a call, an e-mail, a meeting or a message."),
            "invalid_choice": gettext_lazy("Say what you did: a call, an e-mail, a meeting or a message."),
        },
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Left a message with a colleague")}),
    )

    def said(self) -> dict[str, Any]:
        kind, *contact = self.cleaned_data["done"].split()
        return {"kind": kind, "contact": bool(contact), "note": self.cleaned_data["note"]}


class PauseForm(forms.Form):
    """The customer is away: the clock of the first touch stands still until a day begins."""

    until_on = forms.DateField(
        label=gettext_lazy("Until"),
        widget=DateInput(),
        help_text=gettext_lazy("The clock goes on when that day begins."),
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_until_on(self) -> date | None:
        return to_come(self.cleaned_data["until_on"], self.zone)

    def said(self) -> dict[str, Any]:
        until = start_of(self.cleaned_data["until_on"], self.zone)
        return {"until": until, "reason": self.cleaned_data["reason"]}


class ByOutcome(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Reasons of two lists: those that close the journey say so, for both have an "other"."""

    def label_from_instance(self, obj: Any) -> str:
        return _("%(reason)s (no buyer)") % {"reason": obj} if obj.disqualifies else str(obj)


class GivingUpForm(WithReason):
    """Why a lead is not worked any more: back to nurture, or no buyer at all."""

    reason = ByOutcome(
        Reason.objects.none(),
        label=gettext_lazy("Why do you give it up?"),
        empty_label=None,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
        error_messages={"required": gettext_lazy("Choose a reason: marketing learns from it.")},
    )

    def __init__(self, *args: Any, is_done: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [Reason.Kind.RECYCLED, Reason.Kind.DISQUALIFIED]
        self.offer(Reason.objects.filter(kind__in=kinds, retired_at=None).order_by("-kind", "position", "pk"))
        if not is_done:
            note = self.fields["note"]
            note.label = _("Why it ends before what was agreed")
            note.required = True
            text = _("The agreed touches are not made yet: say why it ends before what was agreed.")
            note.error_messages["required"] = text
