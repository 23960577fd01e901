"""The clauses of a draft as forms, and the three numbers to start from."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.forms.models import inlineformset_factory
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Opportunity, Stage, StageRole
from leads.models import Persona
from metrics.period import Period
from metrics.registry import BadQuestion, Metric, Unit, metrics
from scoring.models import Quadrant
from sla.agreement.document import clauses
from sla.agreement.forms.rows import NUMBER, OrderedRows, Row, format_decimal
from sla.agreement.missing import metric_for
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.clauses import Clause

UNITS = {
    Unit.RATE: gettext_lazy("in percent"),
    Unit.DURATION: gettext_lazy("in opening hours"),
    Unit.MONEY: gettext_lazy("in the company's currency"),
    Unit.COUNT: gettext_lazy("as a number"),
}
HOUR = Decimal(3600)
FILTERS = ("stage", "persona", "quadrant", "source", "kind")


class ClauseForm(Row):
    """One clause, its target typed in the unit of its metric."""

    begun_by = ("metric", "target")
    empty: ClassVar = {
        "stage": gettext_lazy("any"),
        "persona": gettext_lazy("any"),
        "owner": gettext_lazy("the head of the team"),
    }

    metric = forms.ChoiceField(label=gettext_lazy("What is measured"))
    target = forms.DecimalField(
        label=gettext_lazy("Target"),
        min_value=0,
        max_digits=16,
        decimal_places=2,
        widget=forms.NumberInput(attrs=NUMBER),
        help_text=gettext_lazy("A share in percent, a time in opening hours."),
    )
    stage = forms.ModelChoiceField(
        Stage.objects.all(), label=gettext_lazy("Handed over when a lead becomes"), required=False
    )
    persona = forms.ModelChoiceField(Persona.objects.all(), label=gettext_lazy("Persona"), required=False)
    quadrant = forms.ChoiceField(label=gettext_lazy("Quadrant"), required=False)
    source = forms.CharField(label=gettext_lazy("Source"), required=False, max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of deal"), required=False)
    from_role = forms.ChoiceField(label=gettext_lazy("From stage"), required=False)
    to_role = forms.ChoiceField(label=gettext_lazy("To stage"), required=False)

    class Meta:
        model = Clause
        fields = ("team", "metric", "comparator", "target", "every", "from_role", "to_role", "window_days", "owner")
        widgets = {"window_days": forms.NumberInput(attrs=NUMBER)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = [("", "–"), *StageRole.choices]
        choices: dict[str, Iterable[tuple[str, Any]]] = {
            "metric": self._metrics(),
            "quadrant": [("", _("any")), *Quadrant.choices],
            "kind": [("", _("any")), *Opportunity.Kind.choices],
            "from_role": stages,
            "to_role": stages,
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(options)
        filters = self.instance.filters
        for name in FILTERS:
            self.initial[name] = filters.get(name, "")
        self.initial["target"] = typed_target(self.instance.target, self.measured) if self.instance.pk else None

    def _metrics(self) -> list[tuple[str, Any]]:
        choices = sorted(((metric.name, str(metric.label)) for metric in metrics()), key=lambda choice: choice[1])
        current = self.instance.metric
        if current and current not in dict(choices):
            # A metric that no longer exists stays chosen, and is refused with its reason.
            choices.append((current, current))
        return [("", "–"), *choices]

    @property
    def measured(self) -> Metric | None:
        return clauses.metric_of(self.instance) if self.instance.metric else None

    @property
    def unit(self) -> str:
        return str(UNITS[self.measured.unit]) if self.measured else ""

    @property
    def summary(self) -> SafeString:
        return clauses.describe_clause(self.instance, dict(self.options.of(Persona)))

    @property
    def narrows(self) -> bool:
        """Whether a field of the folded part is filled in."""
        folded_fields = (
            "stage",
            "persona",
            "quadrant",
            "source",
            "kind",
            "from_role",
            "to_role",
            "window_days",
            "owner",
        )
        return any(self[name].value() or self[name].errors for name in folded_fields)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        asked = Clause(metric=cleaned.get("metric", ""))
        measured = clauses.metric_of(asked) if asked.metric else None
        if measured is None:
            if asked.metric:
                self.add_error("metric", _("Nobody measures this any more: choose another."))
            return cleaned
        self._clean_narrowing(measured, cleaned)
        self._clean_target(measured, cleaned)
        return cleaned

    def _clean_narrowing(self, measured: Metric, cleaned: dict[str, Any]) -> None:
        words = {"metric": measured.label}
        for name in FILTERS:
            if cleaned.get(name) and name not in measured.dimensions:
                self.add_error(name, _("“%(metric)s” does not tell leads apart by this.") % words)
        if cleaned.get("window_days") and not measured.takes_window:
            self.add_error("window_days", _("“%(metric)s” takes no number of days.") % words)
        stage_fields = {"none": (), "one": ("to_role",), "pair": ("from_role", "to_role")}[measured.stages]
        for name in ("from_role", "to_role"):
            if cleaned.get(name) and name not in stage_fields:
                self.add_error(name, _("“%(metric)s” takes no stage here.") % words)
            elif not cleaned.get(name) and name in stage_fields and measured.stages == "pair":
                self.add_error(name, _("“%(metric)s” is counted from a stage to a stage.") % words)
        if self.errors:
            return
        try:
            values = {name: cleaned[name] for name in ("metric", "from_role", "to_role", "window_days")}
            metric_for(Clause(**values), Period.month_of(now()))
        except BadQuestion as error:
            fields = {"window": "window_days", "from": "from_role", "to": "to_role"}
            self.add_error(fields.get(error.field, "metric"), str(error))

    def _clean_target(self, measured: Metric, cleaned: dict[str, Any]) -> None:
        target = cleaned.get("target")
        if target is None:
            return
        if target == 0 and cleaned.get("comparator") == Clause.Comparator.AT_LEAST:
            self.add_error("target", _("At least nothing is no promise."))
        elif target > 100 and measured.unit == Unit.RATE:
            self.add_error("target", _("A share is 100 percent at most."))
        else:
            cleaned["target"] = stored_target(target, measured)

    def save(self, commit: bool = True) -> Clause:
        other_filters = {name: key for name, key in self.instance.filters.items() if name not in FILTERS}
        stage, persona = self.cleaned_data["stage"], self.cleaned_data["persona"]
        typed = {
            "stage": str(stage.pk) if stage else "",
            "persona": str(persona.pk) if persona else "",
            "quadrant": self.cleaned_data["quadrant"],
            "source": self.cleaned_data["source"],
            "kind": self.cleaned_data["kind"],
        }
        self.instance.filters = other_filters | {name: key for name, key in typed.items() if key}
        clause: Clause = super().save(commit)
        return clause


def typed_target(target: Decimal, measured: Metric | None) -> str:
    """A stored target in the unit that people type: 0.95 → "95" (percent), 7200 s → "2" (hours)."""
    unit = measured.unit if measured else Unit.COUNT
    return format_decimal({Unit.RATE: target * 100, Unit.DURATION: target / HOUR}.get(unit, target))


def stored_target(target: Decimal, measured: Metric) -> Decimal:
    """A typed target as a clause stores it: a share, seconds, or the number itself."""
    return {Unit.RATE: target / 100, Unit.DURATION: target * HOUR}.get(measured.unit, target)


class ClauseForms(OrderedRows):
    """The clauses of a draft, in their order."""

    remove = gettext_lazy("Remove this promise")


ClauseFormSet = inlineformset_factory(
    Agreement,
    Clause,
    form=ClauseForm,
    formset=ClauseForms,
    extra=1,
    can_order=True,
    can_delete=True,
    can_delete_extra=False,
)


class UsualForm(forms.Form):
    """Three numbers from which the usual clauses are made."""

    leads = forms.IntegerField(
        label=gettext_lazy("Leads handed over each month, at least"),
        min_value=1,
        max_value=1_000_000,
        initial=60,
        widget=forms.NumberInput(attrs=NUMBER),
    )
    close_rate = forms.DecimalField(
        label=gettext_lazy("Of them won, percent, at least"),
        min_value=Decimal("0.01"),
        max_value=100,
        decimal_places=2,
        initial=5,
        widget=forms.NumberInput(attrs=NUMBER),
    )
    days = forms.IntegerField(
        label=gettext_lazy("within so many days"),
        min_value=1,
        max_value=3650,
        initial=90,
        widget=forms.NumberInput(attrs=NUMBER),
    )
    customers = forms.IntegerField(
        label=gettext_lazy("Contracts each month, at least"),
        min_value=1,
        max_value=1_000_000,
        initial=3,
        widget=forms.NumberInput(attrs=NUMBER),
    )

    def numbers(self) -> dict[str, Any]:
        """The arguments of `starter.clauses.add_usual_clauses`."""
        return self.cleaned_data | {"close_rate": self.cleaned_data["close_rate"] / 100}
