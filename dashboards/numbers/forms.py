"""The form that asks a metric a question."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from funnel.models import Stage
from metrics.period import Period
from metrics.question import Question, View, dimension
from metrics.registry import Metric

DAY = timedelta(days=1)
# The longest period that can be asked for.
LONGEST_PERIOD = timedelta(days=3700)


def recent_quarter(at: datetime) -> Period:
    """This month and the two before it: the period that a page starts with."""
    month = Period.month_of(at)
    first = month.previous().previous()
    return Period(first.start, month.end, month.zone)


class NumberForm(forms.Form):
    """A question to one metric. People name the last day; the period ends the day after it."""

    start = forms.DateField(label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    view = forms.ChoiceField(label=_("View"), required=False)
    from_role = forms.ChoiceField(label=_("From stage"), required=False)
    to_role = forms.ChoiceField(label=_("To stage"), required=False)
    window = forms.IntegerField(
        label=_("Within days"),
        required=False,
        min_value=1,
        max_value=36_500,
        help_text=_("Cohort view only. Empty: ever."),
        widget=forms.NumberInput(attrs={"class": "field__input--short"}),
    )
    by = forms.ChoiceField(label=_("Cut by"), required=False)

    def __init__(self, metric: Metric, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metric = metric
        stages = {stage.role: str(stage) for stage in Stage.objects.known() if stage.role}
        roles = [(role, stages[role]) for role in metric.roles]
        self._set_choices("view", [(view.value, View(view).label) for view in metric.views], len(metric.views) > 1)
        self._set_choices("from_role", roles, metric.stages == "pair")
        self._set_choices("to_role", roles, metric.stages != "none")
        if metric.stages == "one":
            self.fields["to_role"].label = _("Stage")
        if not metric.takes_window:
            del self.fields["window"]
        cuts = [("", _("not at all")), *((name, dimension(name).label) for name in metric.dimensions)]
        self._set_choices("by", cuts, True)

    def _set_choices(self, name: str, choices: list[Any], is_needed: bool) -> None:
        if is_needed:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.fields[name].required = not any(value == "" for value, _label in choices)
        else:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        start, last = cleaned.get("start"), cleaned.get("last")
        if start and last and last < start:
            self.add_error("last", _("The last day is not before the first."))
        elif start and last and last - start > LONGEST_PERIOD:
            self.add_error("last", _("Ask for ten years at most."))
        return cleaned

    def question(self, at: datetime, people: frozenset[str] | None) -> Question:
        cleaned = self.cleaned_data
        return Question(
            Period(cleaned["start"], cleaned["last"] + DAY),
            view=cleaned.get("view", ""),
            from_role=cleaned.get("from_role", ""),
            to_role=cleaned.get("to_role", ""),
            window_days=cleaned.get("window") if cleaned.get("view") == View.COHORT else None,
            by=cleaned.get("by", ""),
            at=at,
            people=people,
        )


def initial_question(metric: Metric, at: datetime) -> dict[str, Any]:
    """The question that the page answers before one is asked."""
    period = recent_quarter(at)
    data = {"start": period.start, "last": period.end - DAY, "view": metric.views[0].value, "by": "month"}
    if metric.stages == "pair":
        data |= {"from_role": metric.roles[0], "to_role": metric.roles[1]}
    elif metric.stages == "one":
        data |= {"to_role": metric.roles[1]}
    return data
