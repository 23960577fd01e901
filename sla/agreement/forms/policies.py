"""What people type into a draft about its policies: by when a hand-off is answered, and what happens on the way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import inlineformset_factory
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring.models import Quadrant
from sla.agreement.document import policies
from sla.agreement.forms.rows import NUMBER, PlacedRows, Row, short
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.policies import Policy, Step

NOTHING = ("", gettext_lazy("nothing happens"))
REMIND = (Step.Action.REMIND, gettext_lazy("remind whoever has it"))
TELL = (Step.Action.TELL, gettext_lazy("tell the manager"))
# The field, its clock, its share, what it may be. A reminder of what is due already helps nobody.
SLOTS = (
    ("answer_50", Step.Clock.ANSWER, 50, (NOTHING, REMIND, TELL)),
    ("answer_80", Step.Clock.ANSWER, 80, (NOTHING, REMIND, TELL)),
    ("answer_100", Step.Clock.ANSWER, 100, (NOTHING, TELL)),
    ("touch_80", Step.Clock.FIRST_TOUCH, 80, (NOTHING, REMIND, TELL)),
    ("touch_100", Step.Clock.FIRST_TOUCH, 100, (NOTHING, TELL)),
)
AFTER = (
    NOTHING,
    (Step.Action.REASSIGN, gettext_lazy("offer it to somebody else")),
    (Step.Action.ACCEPT, gettext_lazy("count it as accepted")),
    (Step.Action.WITHDRAW, gettext_lazy("take it back")),
)
ENDS = {Step.Action.REASSIGN, Step.Action.ACCEPT, Step.Action.WITHDRAW}


class HoursField(forms.DecimalField):
    """Opening hours, kept as a duration."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_value=2000, decimal_places=2, widget=forms.NumberInput(attrs=NUMBER), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return short(Decimal(str(value.total_seconds() / 3600))) if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        hours = super().clean(value)
        if hours is None:
            return None
        if hours <= 0:
            raise ValidationError(_("An answer takes some time."))
        return timedelta(hours=float(hours))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PolicyForm(Row):
    """One policy: what it is for, by when, how often, who gets it, and what happens on the way."""

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
    after_action = forms.ChoiceField(label=gettext_lazy("Then"), required=False, choices=AFTER)
    touch_80 = forms.ChoiceField(label=gettext_lazy("At 80% of the time"), required=False)
    touch_100 = forms.ChoiceField(label=gettext_lazy("When it is due"), required=False)

    class Meta:
        model = Policy
        fields = (
            "stage", "quadrant", "persona", "source", "answer_within", "touch_within", "touches", "touch_days",
            "goes_to",
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
        for name, _clock, _percent, choices in SLOTS:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        any_of_it = [("", _("any")), *Quadrant.choices]
        quadrant = self.fields["quadrant"]
        assert isinstance(quadrant, forms.ChoiceField)
        quadrant.choices = any_of_it
        self._begin_steps()

    def _begin_steps(self) -> None:
        for name, clock, percent, _choices in SLOTS:
            step = self._step(clock, percent)
            self.initial[name] = step.action if step else ""
        after = self._after()
        if after:
            self.initial["after_percent"], self.initial["after_action"] = after.percent, after.action

    @cached_property
    def steps(self) -> list[Step]:
        return list(self.instance.steps.all()) if self.instance.pk else []

    def _step(self, clock: Step.Clock, percent: int) -> Step | None:
        here = (s for s in self.steps if s.clock == clock and s.percent == percent and s.action not in ENDS)
        return next(here, None)

    def _after(self) -> Step | None:
        return next((step for step in self.steps if step.action in ENDS), None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        both = _("A cadence has touches and days: fill in both, or neither.")
        for one, other in (("touches", "touch_days"), ("touch_days", "touches")):
            if cleaned.get(one) and not cleaned.get(other) and other not in self.errors:
                self.add_error(other, both)
        if cleaned.get("after_action") and not cleaned.get("after_percent") and "after_percent" not in self.errors:
            self.add_error("after_percent", _("Say when: at which percent of the time to answer, 100 or more."))
        if cleaned.get("after_percent") and not cleaned.get("after_action"):
            self.add_error("after_action", _("Say what happens then."))
        return cleaned

    def save(self, commit: bool = True) -> Policy:
        policy: Policy = super().save(commit)
        if commit:
            self._save_steps(policy)
        return policy

    def _save_steps(self, policy: Policy) -> None:
        """Write what was changed of the steps; others, which the page does not show, stay."""
        for name, clock, percent, _choices in SLOTS:
            if name in self.changed_data:
                self._replace(policy, self._step(clock, percent), clock, percent, self.cleaned_data[name])
        if {"after_percent", "after_action"} & set(self.changed_data):
            percent, action = self.cleaned_data["after_percent"], self.cleaned_data["after_action"]
            self._replace(policy, self._after(), Step.Clock.ANSWER, percent, action)

    def _replace(self, policy: Policy, step: Step | None, clock: Step.Clock, percent: int, action: str) -> None:
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
    def promised(self) -> list[SafeString]:
        return policies.describe_limits(self.instance)


class PolicyForms(PlacedRows):
    remove = gettext_lazy("Remove this policy")

    def clean(self) -> None:
        """Refuse a policy that is never used: one before it matches everything that it matches."""
        super().clean()
        if any(self.errors):
            return
        ordered = self.in_order()
        for n, form in enumerate(ordered):
            if any(earlier.instance.covers(form.instance) for earlier in ordered[:n]):
                form.add_error(
                    "place", _("It is never used: one before it matches everything that it matches. Move it up.")
                )


PolicyFormSet = inlineformset_factory(
    Agreement, Policy, form=PolicyForm, formset=PolicyForms, extra=1, can_delete=True, can_delete_extra=False
)
