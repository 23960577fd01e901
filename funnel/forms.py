"""What people type about stages, reasons, steps and opportunities."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.models import Journey, Opportunity, Reason, Stage
from leads.forms import DateInput
from smarketing.company import company_zone
from teams.models import User


def today() -> date:
    return now().astimezone(company_zone()).date()


def start_of(day: date | None) -> datetime | None:
    """The moment at which the company day began; None for today, which is now."""
    return datetime.combine(day, time(), company_zone()) if day and day != today() else None


def not_to_come(day: date | None) -> date | None:
    if day and day > today():
        raise ValidationError(_("That day is still to come."))
    return day


class StageForm(forms.ModelForm):  # type: ignore[type-arg]
    after = forms.ModelChoiceField(Stage.objects.all(), label=_("Comes after"), empty_label=None)

    class Meta:
        model = Stage
        fields = ("name_en", "name_ja", "owner_team", "description", "description_ja")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "description_ja": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.role:
            # The six keep their order: a number about MQL and SQL must mean the same next year.
            del self.fields["after"]
            return
        others = Stage.objects.exclude(pk=self.instance.pk)
        before = others.filter(position__lt=self.instance.position) if self.instance.pk else others
        after = self.fields["after"]
        assert isinstance(after, forms.ModelChoiceField)
        after.queryset = others
        self.initial["after"] = before.order_by("-position").first()

    def save(self, commit: bool = True) -> Stage:
        after = self.cleaned_data.get("after")
        if after is None:
            stage: Stage = super().save()
            return stage
        return Stage.objects.put_after(after, self.instance)


class ReasonForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Reason
        fields = ("name_en", "name_ja", "needs_text", "disqualifies")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.kind != Reason.Kind.REJECTED:
            del self.fields["disqualifies"]

    def clean_name_en(self) -> str:
        name: str = self.cleaned_data["name_en"]
        same = Reason.objects.filter(kind=self.instance.kind, name_en__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(_("This list has “%(name)s” already."), params={"name": name})
        return name

    def save(self, commit: bool = True) -> Reason:
        reason: Reason = self.instance
        if not reason.pk:
            there = Reason.objects.filter(kind=reason.kind)
            last = there.order_by("-position").first()
            reason.position = (last.position if last else 0) + 10
            reason.key = _free_key(slugify(reason.name_en)[:30] or "reason", set(there.values_list("key", flat=True)))
            reason.disqualifies = reason.disqualifies or reason.kind == Reason.Kind.DISQUALIFIED
        reason.save()
        return reason


def _free_key(key: str, taken: set[str]) -> str:
    key = key.replace("-", "_")
    numbered = (f"{key}_{number}" for number in range(2, len(taken) + 3))
    return key if key not in taken else next(each for each in numbered if each not in taken)


class WithReason(forms.Form):
    """A reason from one of the lists, and the words that some reasons want."""

    kinds: tuple[Reason.Kind, ...] = ()
    reason = forms.ModelChoiceField(
        Reason.objects.none(), label=_("Reason"), widget=forms.RadioSelect(attrs={"class": "chips"})
    )
    text = forms.CharField(label=_("In words"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ModelChoiceField)
        reason.queryset = Reason.objects.filter(kind__in=self.kinds, retired_at=None)
        reason.empty_label = None

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
        stage = self.fields["stage"]
        assert isinstance(stage, forms.ModelChoiceField)
        here = Stage.objects.all()
        stage.queryset = here if journey.closed_at else here.exclude(pk=journey.stage_id).exclude(role="lead")


class OpportunityForm(forms.ModelForm):  # type: ignore[type-arg]
    opened_on = forms.DateField(label=_("Opened on"), required=False, widget=DateInput(), help_text=_("Empty: today."))

    class Meta:
        model = Opportunity
        fields = ("name", "kind", "amount", "currency", "expected_close_on", "owner")
        widgets = {
            "expected_close_on": DateInput(),
            "currency": forms.TextInput(attrs={"class": "field__input--short"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = User.objects.active()
        self.fields["name"].required = True
        amount = self.fields["amount"]
        assert isinstance(amount, forms.DecimalField)
        amount.min_value = 0
        if self.instance.pk:
            del self.fields["opened_on"]

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise ValidationError(_("Write a currency as three letters, such as JPY."))
        return currency

    def clean_amount(self) -> Any:
        amount = self.cleaned_data["amount"]
        if amount is not None and amount < 0:
            raise ValidationError(_("An amount is not below 0."))
        return amount

    def clean_opened_on(self) -> date | None:
        return not_to_come(self.cleaned_data["opened_on"])

    def opened_at(self) -> datetime | None:
        return start_of(self.cleaned_data.get("opened_on"))


class OutcomeForm(WithReason):
    """Won or lost, on a day, and why."""

    on = forms.DateField(label=_("On"), required=False, widget=DateInput(), help_text=_("Empty: now."))
    field_order = ("reason", "text", "on")

    def clean_on(self) -> date | None:
        return not_to_come(self.cleaned_data["on"])

    def at(self) -> datetime | None:
        return start_of(self.cleaned_data.get("on"))


class WonForm(OutcomeForm):
    kinds = (Reason.Kind.WON,)


class LostForm(OutcomeForm):
    kinds = (Reason.Kind.LOST,)


class ReopenForm(forms.Form):
    because = forms.CharField(label=_("Why"), max_length=300)
