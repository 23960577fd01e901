"""The forms of a hand-off: accept, reject, log a touch, pause the timer, give up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Reason, StageRole
from sla.handoffs.models.handoffs import Handoff
from sla.handoffs.models.timers import Timer
from sla.handoffs.models.touches import Touch
from sla.inbox.persona_fields import NOT_SAID, add_persona_field
from smarketing.company import company_zone
from smarketing.pages.inputs import DateInput, offer_known
from teams.models import User

CONTACT = "contact"
CHOOSE_A_REASON = gettext_lazy("Choose a reason: marketing learns from it.")


def check_future_day(day: date | None, zone: ZoneInfo) -> date | None:
    """Raise `ValidationError` for a day that is not after today."""
    if day and day <= now().astimezone(zone).date():
        raise ValidationError(_("Choose a day after today."))
    return day


def start_of_day_in(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None


class AcceptanceForm(forms.Form):
    """An acceptance, with what is said of the persona if it is known already."""

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_persona_field(self, handoff, required=False, of_form="acceptance")


class ReasonForm(forms.Form):
    """A reason, the note that some reasons need, and when a lead that goes to nurture wakes."""

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

    def set_reasons(self, reasons: QuerySet[Reason], known: Iterable[Reason]) -> None:
        """`reasons` are asked when one was chosen; `known` are the same, to choose from."""
        self.reason_choices = offer_known(self.fields["reason"], reasons, known)

    def clean_wake_on(self) -> date | None:
        return check_future_day(self.cleaned_data["wake_on"], company_zone())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        reason = cleaned.get("reason")
        if reason and reason.needs_text and not cleaned.get("note", "").strip():
            self.add_error("note", _("“%(reason)s” says nothing by itself: add a word.") % {"reason": reason})
        if reason and reason.disqualifies and cleaned.get("wake_on"):
            text = _("“%(reason)s” closes the lead's journey: it does not wake up. Leave this empty.")
            self.add_error("wake_on", text % {"reason": reason})
        return cleaned

    def cleaned_values(self) -> dict[str, Any]:
        """The arguments of `Handoff.reject` and `Handoff.give_up`."""
        values = dict(self.cleaned_data)
        return values | {"wake_at": start_of_day_in(values.pop("wake_on", None), company_zone())}


class RejectionForm(ReasonForm):
    """A rejection: the reason, and what is said of the persona."""

    field_order = ("reason", "verdict", "persona", "note")

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handoff = handoff
        add_persona_field(self, handoff, required=True)
        self.order_fields(self.field_order)
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ModelChoiceField)
        reason.to_field_name = "key"
        self.set_reasons(self._reasons(), handoff.hop.known_rejection_reasons())
        reason.label = _("Why is it not for sales now?")
        reason.error_messages["required"] = CHOOSE_A_REASON
        if handoff.hop.rejected_stage.role != StageRole.LEAD:
            del self.fields["wake_on"], self.fields["only_with_news"]

    def _reasons(self) -> QuerySet[Reason]:
        """Of a form that is only shown nothing is looked up."""
        return self.handoff.hop.rejection_reasons() if self.is_bound else Reason.objects.none()


class AnswerField(forms.ChoiceField):
    """One of its choices says that there is none."""

    names_nothing = True


class ThreadAnswerForm(RejectionForm):
    """The answer to one lead of a thread: accepted, rejected, or left for later."""

    ACCEPT, REJECT = "accept", "reject"

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, handoff=handoff, prefix=f"handoff-{handoff.pk}", **kwargs)
        for field in self.fields.values():
            field.required = False
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ModelChoiceField)
        reason.widget, reason.empty_label = forms.Select(), "–"
        reason.choices = [("", "–"), *self.reason_choices]
        self.fields["answer"] = AnswerField(
            label=_("Answer"),
            required=False,
            choices=[(self.ACCEPT, _("Accept")), (self.REJECT, _("Reject")), ("", _("Later"))],
            widget=forms.RadioSelect(attrs={"class": "segments"}),
            initial="",
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("answer") == self.REJECT:
            for name, text in (("reason", CHOOSE_A_REASON), ("verdict", NOT_SAID)):
                if name in self.fields and not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, text)
        return cleaned

    @property
    def is_answered(self) -> bool:
        return bool(self.cleaned_data.get("answer"))

    def give(self, *, by: User) -> None:
        """Raises `Handoff.Answered`, `Journey.Moved`."""
        values = self.cleaned_values()
        if values.pop("answer") == self.REJECT:
            self.handoff.reject(by=by, **values)
        else:
            self.handoff.accept(by=by, verdict=values.get("verdict", ""), persona=values.get("persona"))


class TouchForm(forms.Form):
    """A touch: its kind, and whether it was a contact, by the button that is pressed."""

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

    def cleaned_values(self) -> dict[str, Any]:
        kind, *contact = self.cleaned_data["done"].split()
        return {"kind": kind, "contact": bool(contact), "note": self.cleaned_data["note"]}


class PauseForm(forms.Form):
    """A pause of the first-touch timer until a day begins, such as while the customer is away."""

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
        day = check_future_day(self.cleaned_data["until_on"], self.zone)
        if day and datetime.combine(day, time(), self.zone) > now() + Timer.LONGEST_PAUSE:
            words = {"days": Timer.LONGEST_PAUSE.days}
            raise ValidationError(_("A pause lasts %(days)s days at most."), params=words)
        return day

    def cleaned_values(self) -> dict[str, Any]:
        until = start_of_day_in(self.cleaned_data["until_on"], self.zone)
        return {"until": until, "reason": self.cleaned_data["reason"]}


class ReasonChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Reasons of two lists. Those that close the journey are labelled so, as both lists have an "other"."""

    def label_from_instance(self, obj: Any) -> str:
        return _("%(reason)s (no buyer)") % {"reason": obj} if obj.disqualifies else str(obj)


class GivingUpForm(ReasonForm):
    """Why a lead is given up: back to nurture, or disqualified."""

    reason = ReasonChoiceField(
        Reason.objects.none(),
        label=gettext_lazy("Why do you give it up?"),
        empty_label=None,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
        error_messages={"required": gettext_lazy("Choose a reason: marketing learns from it.")},
    )

    def __init__(self, *args: Any, is_done: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [Reason.Kind.RECYCLED, Reason.Kind.DISQUALIFIED]
        self.set_reasons(Reason.objects.filter(kind__in=kinds, retired_at=None), Reason.objects.known_offered(*kinds))
        if not is_done:
            note = self.fields["note"]
            note.label = _("Why it ends before what was agreed")
            note.required = True
            text = _("The agreed touches are not made yet: say why it ends before what was agreed.")
            note.error_messages["required"] = text
