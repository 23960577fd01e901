"""Forms of a score model's draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models import ActivityKind
from scoring.models import FitRule, InterestRule, ScoreModel
from scoring.reading import describe_rule, format_plain_points

SHORT = {"class": "field__input--short", "inputmode": "decimal", "step": "any"}


def points_field(**kwargs: Any) -> forms.DecimalField:
    """Points as rules keep them: below a thousand, to the millionth."""
    kwargs.setdefault("max_value", 999)
    return forms.DecimalField(max_digits=9, decimal_places=6, widget=forms.NumberInput(attrs=SHORT), **kwargs)


def format_input(value: Decimal | None) -> str:
    return "" if value is None else format_plain_points(value)


class ThresholdsForm(forms.ModelForm[ScoreModel]):
    fit_threshold = points_field(label=_("Fit is high from"), min_value=0, max_value=100)
    interest_threshold = points_field(label=_("Interest is high from"), min_value=0, max_value=100)

    class Meta:
        model = ScoreModel
        fields = ["note", "fit_threshold", "interest_threshold"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("fit_threshold", "interest_threshold"):
            self.initial[name] = format_input(getattr(self.instance, name))


class FitPointsForm(forms.Form):
    """The points of one fit rule, in the table of all."""

    points = points_field(label=_("Points"), min_value=-999)

    def __init__(self, data: Any = None, *, rule: FitRule) -> None:
        super().__init__(data, prefix=f"fit-{rule.pk}", initial={"points": format_input(rule.points)})
        self.rule = rule
        self.fields["points"].widget.attrs["aria-labelledby"] = f"id_{self.prefix}-words"

    @property
    def words(self) -> str:
        return describe_rule(self.rule)

    def save(self) -> None:
        if self.rule.points != self.cleaned_data["points"]:
            self.rule.points = self.cleaned_data["points"]
            self.rule.save(update_fields=["points"])


class KindForm(forms.Form):
    """What one kind of activity is worth. Without points it is worth nothing."""

    points = points_field(label=_("Points"), min_value=-999, required=False)
    cap = points_field(label=_("At most"), min_value=0, required=False)
    half_life_days = forms.DecimalField(
        label=_("Half-life in days"),
        max_digits=8,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        widget=forms.NumberInput(attrs=SHORT),
    )

    def __init__(self, data: Any = None, *, kind: ActivityKind, rule: InterestRule | None) -> None:
        self.kind, self.rule = kind, rule
        initial = {name: format_input(getattr(rule, name)) for name in self.base_fields} if rule else {}
        super().__init__(data, prefix=f"kind-{kind.pk}", initial=initial)
        for name, field in self.fields.items():
            field.widget.attrs["aria-labelledby"] = f"id_{self.prefix}-words id_column-{name}"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        lacking = given.get("points") is None and "points" not in self.errors
        if lacking and (given.get("cap") is not None or given.get("half_life_days") is not None):
            self.add_error("points", _("Say how many points it is worth."))
        return given

    def save(self, model: ScoreModel) -> None:
        worth = {name: self.cleaned_data[name] for name in self.base_fields}
        if worth["points"] is None:
            model.interest_rules.filter(kind=self.kind).delete()
        else:
            InterestRule.objects.update_or_create(model=model, kind=self.kind, defaults=worth)


@dataclass
class DraftForms:
    """All of a draft on one page but the conditions of its fit rules."""

    thresholds: ThresholdsForm
    rules: list[FitPointsForm]
    kinds: list[KindForm]

    @classmethod
    def of(cls, draft: ScoreModel, data: Any = None) -> DraftForms:
        known = {rule.kind_id: rule for rule in draft.interest_rules.all()}
        kinds = [kind for kind in ActivityKind.objects.known() if kind.retired_at is None or kind.pk in known]
        return cls(
            ThresholdsForm(data, instance=draft),
            [FitPointsForm(data, rule=rule) for rule in draft.fit_rules.all()],
            [KindForm(data, kind=kind, rule=known.get(kind.pk)) for kind in kinds],
        )

    def __iter__(self) -> Iterator[forms.BaseForm]:
        yield self.thresholds
        yield from self.rules
        yield from self.kinds

    def is_valid(self) -> bool:
        # All of them, so that every fault is shown at once.
        return all([form.is_valid() for form in self])

    def save(self) -> None:
        """Write the whole draft, or nothing. Raises `Frozen`."""
        with transaction.atomic():
            self.thresholds.instance.lock_draft()
            self.thresholds.save()
            for rule in self.rules:
                rule.save()
            for kind in self.kinds:
                kind.save(self.thresholds.instance)


class FitRuleForm(WithCriteria, forms.ModelForm[FitRule]):
    criteria = CriteriaField(
        label=_("Who gets the points"),
        scope="fit",
        verdicts={"en": "gets these points", "ja": "この点を得ます"},
        help_text=_("Only who a lead is and what it did: a score cannot depend on a score."),
    )
    points = points_field(label=_("Points"), min_value=-999, help_text=_("Below zero takes points away."))

    class Meta:
        model = FitRule
        fields = ["name", "criteria", "points"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["points"] = format_input(self.instance.points)
