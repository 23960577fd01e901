"""What people type about deals."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from funnel.journeys.forms import WithReason, refuse_future
from funnel.models.deal_stages import DealStage
from funnel.models.journeys import Journey
from funnel.models.opportunities import Opportunity
from funnel.models.stages import Reason
from smarketing.company import company_zone
from smarketing.currencies import CODES, in_currency, is_too_fine
from smarketing.pages.inputs import DateInput, offer_known
from teams.models import Organization, User


class OpportunityForm(forms.ModelForm):  # type: ignore[type-arg]
    opened_on = forms.DateField(label=_("Opened on"), required=False, widget=DateInput(), help_text=_("Empty: today."))

    class Meta:
        model = Opportunity
        fields = ("name", "kind", "stage", "amount", "currency", "expected_close_on", "owner")
        widgets = {
            "expected_close_on": DateInput(),
            "currency": forms.TextInput(attrs={"class": "field__input--code"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = User.objects.active()
        self.fields["name"].required = True
        deal: Opportunity = self.instance
        amount = self.fields["amount"]
        assert isinstance(amount, forms.DecimalField)
        amount.min_value = 0
        if deal.amount is not None:
            self.initial["amount"] = in_currency(deal.amount, deal.currency)
        if deal.pk:
            # It has been moved since, or is moved, by a form of its own.
            del self.fields["opened_on"], self.fields["stage"]
        else:
            stage, stages = self.fields["stage"], DealStage.objects.known_offered()
            assert isinstance(stage, forms.ModelChoiceField)
            stage.required, stage.empty_label = True, None
            offer_known(stage, DealStage.objects.offered(), stages)
            self.initial.setdefault("stage", stages[0] if stages else None)

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise ValidationError(_("Write a currency as three letters, such as JPY."))
        if currency and currency not in CODES:
            raise ValidationError(_("There is no currency %(code)s."), params={"code": currency})
        return currency

    def clean_amount(self) -> Any:
        amount = self.cleaned_data["amount"]
        if amount is not None and amount < 0:
            raise ValidationError(_("An amount is not below 0."))
        return amount

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amount, currency = cleaned.get("amount"), cleaned.get("currency") or Organization.ours().currency
        if amount is not None and is_too_fine(amount, currency):
            words = {"amount": f"{amount.normalize():f}", "currency": currency}
            self.add_error("amount", _("%(amount)s has more decimals than %(currency)s.") % words)
        return cleaned

    def clean_opened_on(self) -> date | None:
        return refuse_future(self.cleaned_data["opened_on"])


class OutcomeForm(WithReason):
    """Won or lost, on a day, and why."""

    on = forms.DateField(label=_("On"), required=False, widget=DateInput(), help_text=_("Empty: now."))
    field_order = ("reason", "text", "on")

    def __init__(self, *args: Any, opportunity: Opportunity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opportunity = opportunity

    def clean_on(self) -> date | None:
        on = refuse_future(self.cleaned_data["on"])
        open_since = self.opportunity.open_since
        if on and open_since and on < open_since.astimezone(company_zone()).date():
            raise ValidationError(_("On that day it was not open yet."))
        return on


class WonForm(OutcomeForm):
    kinds = (Reason.Kind.WON,)


class LostForm(OutcomeForm):
    kinds = (Reason.Kind.LOST,)

    def clean_on(self) -> date | None:
        on = super().clean_on()
        journey = Journey.objects.filter(lead=self.opportunity.lead_id, closed_at=None).first()
        if not self.opportunity.moves_journey or journey is None or journey.is_customer:
            return on
        if on and on < journey.last_step_at.astimezone(company_zone()).date():
            raise ValidationError(_("The lead has gone on since that day."))
        return on


class DealStageForm(forms.Form):
    """To which stage an open deal goes."""

    stage = forms.ModelChoiceField(DealStage.objects.none(), label=_("Stage"))

    def __init__(self, *args: Any, opportunity: Opportunity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["stage"] = opportunity.stage_id
        stage = self.fields["stage"]
        assert isinstance(stage, forms.ModelChoiceField)
        if opportunity.stage_id:
            stage.empty_label = None
        offer_known(stage, DealStage.objects.offered(), DealStage.objects.known_offered())


class ReopenForm(forms.Form):
    because = forms.CharField(label=_("Why"), max_length=300)
