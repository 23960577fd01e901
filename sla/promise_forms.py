"""What people type into a draft about hand-offs and promises: hops, policies with their steps, clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Reason, Stage, StageRole
from leads.criteria import Catalogue
from leads.models import Persona
from metrics.period import Period
from metrics.registry import BadQuestion, Metric, Unit, metrics
from scoring.models import Quadrant
from sla import promises
from sla.agreements import accept, covers
from sla.models import Agreement, Clause, Hop, Policy, Step
from teams.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NUMBER = {"class": "field__input--short"}
UNITS = {
    Unit.RATE: gettext_lazy("in percent"),
    Unit.DURATION: gettext_lazy("in opening hours"),
    Unit.MONEY: gettext_lazy("in the company's currency"),
    Unit.COUNT: gettext_lazy("as a number"),
}
HOUR = Decimal(3600)


def short(value: Decimal) -> str:
    """As people type it: 0.9500 → "0.95", 4.00 → "4"."""
    return f"{value.normalize():f}"


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


class Options:
    """What the rows of a page can be made of, asked for once for all of them."""

    def __init__(self) -> None:
        self._found: dict[type[Model], list[tuple[Any, str]]] = {}

    def of(self, model: type[Model]) -> list[tuple[Any, str]]:
        if model not in self._found:
            rows: QuerySet[Any] = model._default_manager.all()
            if model is Persona:
                rows = rows.prefetch_related("versions")
            elif model is User:
                rows = rows.filter(is_active=True)
            self._found[model] = [(each.pk, str(each)) for each in rows]
        return self._found[model]

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """What can be asked to be filled in: what a lead is, not what it is worth or where it stands."""
        every = Catalogue("fit").all()
        return [(field.name, str(field.label)) for field in every if "is_empty" in field.operators]

    @cached_property
    def reasons(self) -> list[Reason]:
        return list(Reason.objects.filter(kind=Reason.Kind.REJECTED))


class Row(forms.ModelForm):  # type: ignore[type-arg]
    """One of several rows of a draft, new ones behind; a new one counts only once something of it is typed."""

    begun_by: ClassVar[tuple[str, ...]] = ()
    # What an empty choice is called, by field.
    empty: ClassVar[Mapping[str, StrOrPromise]] = {}

    def __init__(self, *args: Any, options: Options | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options or Options()
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                nothing = ("", str(self.empty.get(name, "–")))
                field.choices = [nothing, *self.options.of(field.queryset.model)]

    def has_changed(self) -> bool:
        if self.instance.pk is None and self.begun_by:
            return any(str(self[name].data or "").strip() for name in self.begun_by)
        return super().has_changed()


class Rows(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows with a way to remove each."""

    remove = gettext_lazy("Remove it")

    @cached_property
    def options(self) -> Options:
        return Options()

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"options": self.options}

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = self.remove


class PlacedRows(Rows):
    """Rows in an order that people set: each has a place; of two at one place, whoever was moved goes first."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        here = form.instance.position if form.instance.pk else None
        form.fields["place"] = forms.IntegerField(
            label=_("Order"),
            required=False,
            min_value=1,
            max_value=999,
            initial=here,
            widget=forms.NumberInput(attrs=NUMBER),
        )

    def save(self, commit: bool = True) -> Any:
        """Write the rows, and number them anew. Call inside a transaction."""
        for n, form in enumerate(self.extra_forms, 1):
            form.instance.position = 10_000 + n
        saved = super().save(commit)
        for position, form in enumerate(self.in_order(), 1):
            type(form.instance).objects.filter(pk=form.instance.pk).update(position=position)
        return saved

    def in_order(self) -> list[Any]:
        """The forms of the rows that stay, in the order of their places."""
        gone = set(self.deleted_forms)
        staying = [f for f in self.forms if f not in gone and (f.instance.pk or f.has_changed())]

        def place(numbered: tuple[int, Any]) -> tuple[int, bool, int]:
            n, form = numbered
            return (form.cleaned_data.get("place") or 1000, "place" not in form.changed_data, n)

        return [form for _n, form in sorted(enumerate(staying), key=place)]


# Hops


class HopForm(Row):
    """One hand-off: from whom to whom, what must be known before, and where the answer leads."""

    reason_keys = forms.MultipleChoiceField(
        label=gettext_lazy("May be rejected because"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        help_text=gettext_lazy("None chosen: every reason of the list."),
    )
    ready_fields = forms.MultipleChoiceField(
        label=gettext_lazy("Filled in before it is offered"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        help_text=gettext_lazy("A lead without them waits with whoever hands it over, and says why."),
    )

    class Meta:
        model = Hop
        fields = (
            "from_stage", "offering_team", "receiving_team", "accepted_stage", "rejected_stage",
            "reason_keys", "ready_fields",
        )  # fmt: skip
        labels = {
            "from_stage": gettext_lazy("When a lead becomes"),
            "offering_team": gettext_lazy("Handed over by"),
            "receiving_team": gettext_lazy("Handed over to"),
            "accepted_stage": gettext_lazy("Accepted, it goes to"),
            "rejected_stage": gettext_lazy("Rejected, it goes to"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known, mine = self.options.fields, set(self.instance.reason_keys)
        offered = [each for each in self.options.reasons if each.retired_at is None or each.key in mine]
        gone = [(name, name) for name in self.instance.ready_fields if name not in dict(known)]
        for name, choices in (
            ("reason_keys", [(each.key, str(each)) for each in offered]),
            ("ready_fields", [*known, *gone]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("offering_team") and cleaned.get("offering_team") == cleaned.get("receiving_team"):
            self.add_error("receiving_team", _("A team hands nothing over to itself."))
        return cleaned

    @property
    def conditions(self) -> str:
        """What has to be filled in, and the reasons, in words."""
        found = []
        if self.instance.ready_fields:
            fields = promises.ready_in_words(self.instance.ready_fields)
            found.append(_("Filled in before: %(fields)s") % {"fields": fields})
        if self.instance.reason_keys:
            reasons = promises.reasons_in_words(self.instance.reason_keys)
            found.append(_("Rejected because of: %(reasons)s") % {"reasons": reasons})
        return " · ".join(found)


class HopForms(Rows):
    remove = gettext_lazy("Remove this hand-off")


HopFormSet = inlineformset_factory(
    Agreement, Hop, form=HopForm, formset=HopForms, extra=1, can_delete=True, can_delete_extra=False
)


# Policies

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
        return promises.whom(self.instance)

    @property
    def promised(self) -> list[SafeString]:
        return promises.promised(self.instance)


class PolicyForms(PlacedRows):
    remove = gettext_lazy("Remove this policy")

    def clean(self) -> None:
        """Refuse a policy that is never used: one before it matches everything that it matches."""
        super().clean()
        if any(self.errors):
            return
        ordered = self.in_order()
        for n, form in enumerate(ordered):
            if any(covers(earlier.instance, form.instance) for earlier in ordered[:n]):
                form.add_error(
                    "place", _("It is never used: one before it matches everything that it matches. Move it up.")
                )


PolicyFormSet = inlineformset_factory(
    Agreement, Policy, form=PolicyForm, formset=PolicyForms, extra=1, can_delete=True, can_delete_extra=False
)


# Clauses


FILTERS = ("stage", "persona", "quadrant", "source")


class ClauseForm(Row):
    """One promise in a number, its target typed in the metric's own unit."""

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
            "from_role": stages,
            "to_role": stages,
        }
        for name, of_it in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(of_it)
        filters = self.instance.filters
        for name in FILTERS:
            self.initial[name] = filters.get(name, "")
        self.initial["target"] = shown(self.instance.target, self.measured) if self.instance.pk else None

    def _metrics(self) -> list[tuple[str, Any]]:
        known = sorted(((each.name, str(each.label)) for each in metrics()), key=lambda each: each[1])
        gone = self.instance.metric
        return [("", "–"), *known, *([(gone, gone)] if gone and gone not in dict(known) else [])]

    @property
    def measured(self) -> Metric | None:
        return promises.metric_of(self.instance) if self.instance.metric else None

    @property
    def unit(self) -> str:
        return str(UNITS[self.measured.unit]) if self.measured else ""

    @property
    def summary(self) -> SafeString:
        return promises.clause_in_words(self.instance, dict(self.options.of(Persona)))

    @property
    def narrows(self) -> bool:
        """Whether something is filled in that lies behind the fold."""
        folded = ("stage", "persona", "quadrant", "source", "from_role", "to_role", "window_days", "owner")
        return any(self[name].value() or self[name].errors for name in folded)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        asked = Clause(metric=cleaned.get("metric", ""))
        measured = promises.metric_of(asked) if asked.metric else None
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
        taken = {"none": (), "one": ("to_role",), "pair": ("from_role", "to_role")}[measured.stages]
        for name in ("from_role", "to_role"):
            if cleaned.get(name) and name not in taken:
                self.add_error(name, _("“%(metric)s” takes no stage here.") % words)
            elif not cleaned.get(name) and name in taken and measured.stages == "pair":
                self.add_error(name, _("“%(metric)s” is counted from a stage to a stage.") % words)
        if self.errors:
            return
        try:
            asked = {name: cleaned[name] for name in ("metric", "from_role", "to_role", "window_days")}
            accept(Clause(**asked), Period.month_of(now()))
        except BadQuestion as wrong:
            where = {"window": "window_days", "from": "from_role", "to": "to_role"}
            self.add_error(where.get(wrong.field, "metric"), str(wrong))

    def _clean_target(self, measured: Metric, cleaned: dict[str, Any]) -> None:
        target = cleaned.get("target")
        if target is None:
            return
        if target == 0 and cleaned.get("comparator") == Clause.Comparator.AT_LEAST:
            self.add_error("target", _("At least nothing is no promise."))
        elif target > 100 and measured.unit == Unit.RATE:
            self.add_error("target", _("A share is 100 percent at most."))
        else:
            cleaned["target"] = stored(target, measured)

    def save(self, commit: bool = True) -> Clause:
        known = {name: key for name, key in self.instance.filters.items() if name not in FILTERS}
        stage, persona = self.cleaned_data["stage"], self.cleaned_data["persona"]
        typed = {
            "stage": str(stage.pk) if stage else "",
            "persona": str(persona.pk) if persona else "",
            "quadrant": self.cleaned_data["quadrant"],
            "source": self.cleaned_data["source"],
        }
        self.instance.filters = known | {name: key for name, key in typed.items() if key}
        clause: Clause = super().save(commit)
        return clause


def shown(target: Decimal, measured: Metric | None) -> str:
    """A target in the unit that people type: 0.95 → "95", 7200 s → "2"."""
    unit = measured.unit if measured else Unit.COUNT
    return short({Unit.RATE: target * 100, Unit.DURATION: target / HOUR}.get(unit, target))


def stored(target: Decimal, measured: Metric) -> Decimal:
    """A typed target as a clause keeps it: a share, seconds, or the number itself."""
    return {Unit.RATE: target / 100, Unit.DURATION: target * HOUR}.get(measured.unit, target)


class ClauseForms(PlacedRows):
    remove = gettext_lazy("Remove this promise")


ClauseFormSet = inlineformset_factory(
    Agreement, Clause, form=ClauseForm, formset=ClauseForms, extra=1, can_delete=True, can_delete_extra=False
)


class UsualForm(forms.Form):
    """Three numbers to start the promises from."""

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
        """What `starter.usual_clauses` takes."""
        return self.cleaned_data | {"close_rate": self.cleaned_data["close_rate"] / 100}
