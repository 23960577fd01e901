"""The form of a goal."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.goals.models import Goal
from funnel.models import Opportunity
from metrics.period import Period
from teams.models import User

# A goal of more than three years is a typing error.
LONGEST_GOAL = timedelta(days=1096)


def initial_goal(at: datetime) -> dict[str, Any]:
    """The values of a new goal: contracts of this quarter; revenue if that goal exists."""
    quarter = Period.quarter_of(at)
    days = {"starts_on": quarter.start, "ends_on": quarter.end}
    has_contracts_goal = Goal.objects.filter(measure=Goal.Measure.CONTRACTS, **days).exists()
    return {"measure": Goal.Measure.REVENUE if has_contracts_goal else Goal.Measure.CONTRACTS, **days}


class GoalForm(forms.ModelForm):  # type: ignore[type-arg]
    """People name the last day of a period; it is stored half open, as all periods are."""

    last_day = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    class Meta:
        model = Goal
        fields = ("measure", "kind", "starts_on", "last_day", "target")
        widgets = {
            "measure": forms.RadioSelect(attrs={"class": "segments"}),
            "starts_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "target": forms.NumberInput(attrs={"min": "0", "step": "any"}),
        }
        labels = {"starts_on": gettext_lazy("First day")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measure"].choices = Goal.Measure.choices  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("all")), *Opportunity.Kind.choices]  # type: ignore[attr-defined]
        if self.instance.ends_on:
            self.initial["last_day"] = self.instance.ends_on - timedelta(days=1)
        if self.instance.target is not None:
            # As digits: normalize() alone writes 50 as 5E+1.
            self.initial["target"] = f"{self.instance.target.normalize():f}"

    def clean_target(self) -> Any:
        target = self.cleaned_data["target"]
        if target is not None and target <= 0:
            raise forms.ValidationError(_("A goal is more than nothing."))
        return target

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, last, measure = (cleaned.get(name) for name in ("starts_on", "last_day", "measure"))
        if isinstance(start, date) and isinstance(last, date):
            if last < start:
                self.add_error("last_day", _("The last day is not before the first."))
            elif last - start > LONGEST_GOAL:
                self.add_error("last_day", _("A goal lasts three years at most."))
            elif measure and self._is_taken(measure, cleaned.get("kind") or "", start, last):
                self.add_error(None, _("There is a goal for this and these days already. Change that one."))
        if measure == Goal.Measure.CONTRACTS and cleaned.get("target") and cleaned["target"] % 1:
            self.add_error("target", _("Contracts are counted whole."))
        return cleaned

    def _is_taken(self, measure: str, kind: str, start: date, last: date) -> bool:
        same = Goal.objects.filter(measure=measure, kind=kind, starts_on=start, ends_on=last + timedelta(days=1))
        return same.exclude(pk=self.instance.pk).exists()

    def set(self, *, by: User, at: datetime) -> Goal:
        """Save the goal, with who set it and when."""
        goal: Goal = self.save(commit=False)
        goal.ends_on = self.cleaned_data["last_day"] + timedelta(days=1)
        goal.set_by, goal.set_at = by, at
        goal.save()
        return goal

    def _post_clean(self) -> None:
        # The constraints check `ends_on`, which the form takes as the last day.
        last = self.cleaned_data.get("last_day")
        if last:
            self.instance.ends_on = last + timedelta(days=1)
        super()._post_clean()  # type: ignore[misc]
