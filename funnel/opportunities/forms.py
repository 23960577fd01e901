"""What people type about deals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from funnel.journeys.forms import WithReason, refuse_future, start_of
from funnel.models.opportunities import Opportunity
from funnel.models.stages import Reason
from smarketing.pages.inputs import DateInput
from teams.models import User


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
        return refuse_future(self.cleaned_data["opened_on"])

    def opened_at(self) -> datetime | None:
        return start_of(self.cleaned_data.get("opened_on"))


class OutcomeForm(WithReason):
    """Won or lost, on a day, and why."""

    on = forms.DateField(label=_("On"), required=False, widget=DateInput(), help_text=_("Empty: now."))
    field_order = ("reason", "text", "on")

    def clean_on(self) -> date | None:
        return refuse_future(self.cleaned_data["on"])

    def at(self) -> datetime | None:
        return start_of(self.cleaned_data.get("on"))


class WonForm(OutcomeForm):
    kinds = (Reason.Kind.WON,)


class LostForm(OutcomeForm):
    kinds = (Reason.Kind.LOST,)


class ReopenForm(forms.Form):
    because = forms.CharField(label=_("Why"), max_length=300)
