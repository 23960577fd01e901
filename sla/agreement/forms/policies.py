"""The policies of a draft as forms: time limits, cadence, routing and escalations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import ORDERING_FIELD_NAME
from django.forms.models import inlineformset_factory
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.models import Quadrant
from sla.agreement.document import policies
from sla.agreement.forms.rows import NUMBER, OrderedRows, Row, format_decimal
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.policies import Policy, Step

NO_ACTION = ("", gettext_lazy("nothing happens"))
REMIND = (Step.Action.REMIND, gettext_lazy("remind whoever has it"))
TELL = (Step.Action.TELL, gettext_lazy("tell the manager"))
# Field, clock, percent of the time, choices. A reminder of what is due already helps nobody.
ESCALATION_FIELDS = (
    ("answer_50", Step.Clock.ANSWER, 50, (NO_ACTION, REMIND, TELL)),
    ("answer_80", Step.Clock.ANSWER, 80, (NO_ACTION, REMIND, TELL)),
    ("answer_100", Step.Clock.ANSWER, 100, (NO_ACTION, TELL)),
    ("touch_80", Step.Clock.FIRST_TOUCH, 80, (NO_ACTION, REMIND, TELL)),
    ("touch_100", Step.Clock.FIRST_TOUCH, 100, (NO_ACTION, TELL)),
)
FINAL_ACTIONS = (
    NO_ACTION,
    (Step.Action.REASSIGN, gettext_lazy("offer it to somebody else")),
    (Step.Action.ACCEPT, gettext_lazy("count it as accepted")),
    (Step.Action.WITHDRAW, gettext_lazy("take it back")),
)
ENDING_ACTIONS = {Step.Action.REASSIGN, Step.Action.ACCEPT, Step.Action.WITHDRAW}


class HoursField(forms.DecimalField):
    """A number of opening hours, stored as a duration."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_value=2000, decimal_places=2, widget=forms.NumberInput(attrs=NUMBER), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return format_decimal(Decimal(str(value.total_seconds() / 3600))) if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        hours = super().clean(value)
        if hours is None:
            return None
        if hours <= 0:
            raise ValidationError(_("An answer takes some time."))
        return timedelta(hours=float(hours))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class YesOrNoField(forms.TypedChoiceField):
    """A choice of two; a ticked box means yes."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python("True" if value == "on" else value))


class PolicyForm(Row):
    """One policy: which hand-offs it matches, its time limits, cadence, routing and escalations."""

    begun_by = ("stage", "quadrant", "persona", "source", "answer_within", "touch_within", "touches", "touch_days")
    empty: ClassVar = {"stage": gettext_lazy("any"), "persona": gettext_lazy("any")}

    answer_within = HoursField(label=gettext_lazy("Answer within, opening hours"))
    touch_within = HoursField(label=gettext_lazy("First touch within, opening hours"), required=False)
    answer_50 = forms.ChoiceField(label=gettext_lazy("At 50% of the time"), required=False)
    answer_80 = forms.ChoiceField(label=gettext_lazy("At 80%"), required=False)
    answer_100 = forms.ChoiceField(label=gettext_lazy("When it is due"), required=False)
    after_percent = forms.IntegerField(
        label=gettext_lazy("Later, at %"),
        required=False,
        min_value=100,
        max_value=1000,
        widget=forms.NumberInput(attrs=NUMBER),
    )
    after_action = forms.ChoiceField(label=gettext_lazy("Then"), required=False, choices=FINAL_ACTIONS)
    keeps_company = YesOrNoField(
        label=gettext_lazy("Further leads of a company"),
        choices=[(True, gettext_lazy("to the rep who works it")), (False, gettext_lazy("routed like others"))],
        coerce=lambda chosen: str(chosen) == "True",
        required=False,
    )
    touch_80 = forms.ChoiceField(label=gettext_lazy("At 80% of the time"), required=False)
    touch_100 = forms.ChoiceField(label=gettext_lazy("When it is due"), required=False)

    class Meta:
        model = Policy
        fields = (
            "stage", "quadrant", "persona", "source", "answer_within", "touch_within", "touches", "touch_days",
            "goes_to", "keeps_company",
        )  # fmt: skip
        labels = {
            "touches": gettext_lazy("Touches at least"),
            "touch_days": gettext_lazy("in so many open days"),
            "goes_to": gettext_lazy("Who gets it"),
        }
        widgets = {"touches": forms.NumberInput(attrs=NUMBER), "touch_days": forms.NumberInput(attrs=NUMBER)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial["answer_within"] = None
        for name, _clock, _percent, choices in ESCALATION_FIELDS:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        quadrant = self.fields["quadrant"]
        assert isinstance(quadrant, forms.ChoiceField)
        quadrant.choices = [("", _("any")), *Quadrant.choices]
        self._set_initial_escalations()

    def clean_keeps_company(self) -> bool:
        """What is not posted stays as it is usual."""
        return self.cleaned_data["keeps_company"] is not False

    def _set_initial_escalations(self) -> None:
        for name, clock, percent, _choices in ESCALATION_FIELDS:
            step = self._step(clock, percent)
            self.initial[name] = step.action if step else ""
        if after := self._final_escalation():
            self.initial["after_percent"], self.initial["after_action"] = after.percent, after.action

    @cached_property
    def steps(self) -> list[Step]:
        return list(self.instance.steps.all()) if self.instance.pk else []

    def _step(self, clock: Step.Clock, percent: int) -> Step | None:
        steps = (s for s in self.steps if s.clock == clock and s.percent == percent)
        return next((step for step in steps if step.action not in ENDING_ACTIONS), None)

    def _final_escalation(self) -> Step | None:
        return next((step for step in self.steps if step.action in ENDING_ACTIONS), None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        incomplete = _("A cadence has touches and days: fill in both, or neither.")
        for one, other in (("touches", "touch_days"), ("touch_days", "touches")):
            if cleaned.get(one) and not cleaned.get(other) and other not in self.errors:
                self.add_error(other, incomplete)
        if cleaned.get("after_action") and not cleaned.get("after_percent") and "after_percent" not in self.errors:
            self.add_error("after_percent", _("Say when: at which percent of the time to answer, 100 or more."))
        if cleaned.get("after_percent") and not cleaned.get("after_action"):
            self.add_error("after_action", _("Say what happens then."))
        return cleaned

    def save(self, commit: bool = True) -> Policy:
        policy: Policy = super().save(commit)
        if commit:
            self._save_escalations(policy)
        return policy

    def _save_escalations(self, policy: Policy) -> None:
        """Save the changed escalations; those that the page does not show stay as they are."""
        for name, clock, percent, _choices in ESCALATION_FIELDS:
            if name in self.changed_data:
                self._replace_escalation(policy, self._step(clock, percent), clock, percent, self.cleaned_data[name])
        if {"after_percent", "after_action"} & set(self.changed_data):
            percent, action = self.cleaned_data["after_percent"], self.cleaned_data["after_action"]
            self._replace_escalation(policy, self._final_escalation(), Step.Clock.ANSWER, percent, action)

    def _replace_escalation(
        self, policy: Policy, step: Step | None, clock: Step.Clock, percent: int, action: str
    ) -> None:
        if step is not None:
            step.delete()
        if action:
            Step.objects.get_or_create(
                agreement_id=policy.agreement_id, policy=policy, clock=clock, percent=percent, action=action
            )

    @property
    def summary(self) -> str:
        return policies.describe_scope(self.instance)

    @property
    def limits(self) -> list[SafeString]:
        return policies.describe_limits(self.instance)


class PolicyForms(OrderedRows):
    """The policies of a draft, in the order in which they are tried."""

    remove = gettext_lazy("Remove this policy")

    def clean(self) -> None:
        """Refuse a policy that is never used since an earlier one matches everything that it matches."""
        super().clean()
        if any(self.errors):
            return
        ordered = self.ordered_forms
        for n, form in enumerate(ordered):
            if any(earlier.instance.covers(form.instance) for earlier in ordered[:n]):
                form.add_error(
                    ORDERING_FIELD_NAME,
                    _("It is never used: one before it matches everything that it matches. Move it up."),
                )


PolicyFormSet = inlineformset_factory(
    Agreement,
    Policy,
    form=PolicyForm,
    formset=PolicyForms,
    extra=1,
    can_order=True,
    can_delete=True,
    can_delete_extra=False,
)
