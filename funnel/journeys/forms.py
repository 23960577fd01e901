"""What people type about stages, reasons, steps and opportunities."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.models.journeys import Journey
from funnel.models.stages import Reason, Stage
from smarketing.company import company_zone
from smarketing.pages.inputs import DateInput, offer_known


def today() -> date:
    return now().astimezone(company_zone()).date()


def start_of(day: date | None) -> datetime | None:
    """The moment at which the company day began; None for today, which is now."""
    return datetime.combine(day, time(), company_zone()) if day and day != today() else None


def refuse_future(day: date | None) -> date | None:
    if day and day > today():
        raise ValidationError(_("That day is still to come."))
    return day


class WithReason(forms.Form):
    """A reason from one of the lists, and the words that some reasons want."""

    kinds: tuple[Reason.Kind, ...] = ()
    reason = forms.ModelChoiceField(
        Reason.objects.none(),
        label=_("Reason"),
        empty_label=None,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )
    text = forms.CharField(label=_("In words"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = Reason.objects.filter(kind__in=self.kinds, retired_at=None)
        offer_known(self.fields["reason"], reasons, Reason.objects.known_offered(*self.kinds))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        reason = cleaned.get("reason")
        if reason and reason.needs_text and not cleaned.get("text", "").strip():
            self.add_error("text", _("“%(reason)s” says nothing by itself: a word of explanation, please.") % {
                "reason": reason
            })  # fmt: skip
        return cleaned


class RecycleForm(WithReason):
    kinds = (Reason.Kind.RECYCLED,)
    wake_on = forms.DateField(
        label=_("Wakes on"),
        required=False,
        widget=DateInput(),
        help_text=_("Until then it sleeps, whatever it does. Empty: it may qualify again after the cool-off."),
    )
    only_with_news = forms.BooleanField(label=_("Wakes only when it does something new"), required=False)
    field_order = ("reason", "text", "wake_on", "only_with_news")

    def clean_wake_on(self) -> date | None:
        day: date | None = self.cleaned_data["wake_on"]
        if day and day <= today():
            raise ValidationError(_("Choose a day after today."))
        return day

    def wake_at(self) -> datetime | None:
        return start_of(self.cleaned_data.get("wake_on"))


class DisqualifyForm(WithReason):
    kinds = (Reason.Kind.DISQUALIFIED,)


class StepForm(forms.Form):
    """A person moves a lead to a stage, and says why."""

    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("Stage"), empty_label=None)
    because = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, journey: Journey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages, known = Stage.objects.all(), Stage.objects.known()
        if not journey.closed_at:
            stages = stages.exclude(pk=journey.stage_id).exclude(role="lead")
            known = [each for each in known if each.pk != journey.stage_id and each.role != "lead"]
        offer_known(self.fields["stage"], stages, known)
