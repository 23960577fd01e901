"""Formsets of a draft: one form a row, some in an order that people set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.forms.formsets import ORDERING_FIELD_NAME
from django.forms.models import BaseInlineFormSet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Reason
from leads.criteria import Catalogue
from leads.models import Persona, PersonaVersion
from smarketing.database.together import as_read, fetch_together, keep_related
from smarketing.database.vocabulary import VocabularyQuerySet, recall
from teams.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NUMBER = {"class": "field__input--short"}


def format_decimal(value: Decimal) -> str:
    """Without trailing zeros: 0.9500 → "0.95", 4.00 → "4"."""
    return f"{value.normalize():f}"


class Options:
    """Choices that all rows of a page share, queried once."""

    def __init__(self) -> None:
        self._by_model: dict[type[Model], list[tuple[Any, str]]] = {}

    def of(self, model: type[Model]) -> list[tuple[Any, str]]:
        if model not in self._by_model:
            self._by_model[model] = [(row.pk, str(row)) for row in self.rows(model)]
        return self._by_model[model]

    def rows(self, model: type[Model]) -> list[Any]:
        """What may be chosen. While a page is made it is read once, whatever the number of its forms."""
        rows: QuerySet[Any] = model._default_manager.all()
        if isinstance(rows, VocabularyQuerySet):
            return rows.known()
        if model in (User, Persona):
            return self._people_and_personas[model]
        return recall(("options", model), lambda: list(rows))

    @cached_property
    def _people_and_personas(self) -> dict[type[Model], list[Any]]:
        people, personas = recall("people and personas", _people_and_personas)
        return {User: people, Persona: personas}

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """Criteria fields that can be required: attributes of a lead, not its scores or stage."""
        fields = Catalogue("fit").all()
        return [(field.name, str(field.label)) for field in fields if "is_empty" in field.operators]

    @cached_property
    def reasons(self) -> list[Reason]:
        return [reason for reason in Reason.objects.known() if reason.kind == Reason.Kind.REJECTED]


def _people_and_personas() -> tuple[list[User], list[Persona]]:
    """Who is active, and all personas with their versions."""
    people, personas, versions = fetch_together(
        User.objects.active(), Persona.objects.all(), PersonaVersion.objects.order_by("number")
    )
    of_persona: dict[int, list[PersonaVersion]] = {}
    for version in versions:
        of_persona.setdefault(version.persona_id, []).append(version)
    for persona in personas:
        keep_related(persona, "versions", of_persona.get(persona.pk, []))
    return people, personas


class Row(forms.ModelForm):  # type: ignore[type-arg]
    """One row of a draft. A new row counts only if one of the fields `begun_by` is filled in."""

    begun_by: ClassVar[tuple[str, ...]] = ()
    # The label of an empty choice, by field.
    empty: ClassVar[Mapping[str, StrOrPromise]] = {}

    def __init__(self, *args: Any, options: Options | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options or Options()
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                empty_choice = ("", str(self.empty.get(name, "–")))
                field.choices = [empty_choice, *self.options.of(field.queryset.model)]

    def has_changed(self) -> bool:
        if self.instance.pk is None and self.begun_by:
            return any(str(self[name].data or "").strip() for name in self.begun_by)
        return super().has_changed()


class Rows(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows that can be removed."""

    remove = gettext_lazy("Remove it")

    def __init__(self, *args: Any, rows: list[Any] | None = None, **kwargs: Any) -> None:
        """`rows` are those of the query set, where they were read already: of forms that are only shown."""
        super().__init__(*args, **kwargs)
        if rows is not None and self.queryset is not None:
            self._queryset = as_read(self.queryset, rows)

    @cached_property
    def options(self) -> Options:
        return Options()

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"options": self.options}

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = self.remove


class OrderedRows(Rows):
    """Rows in an order that people set by a number. Of two with one number, the changed one goes first."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        # Django's own field takes any number.
        form.fields[ORDERING_FIELD_NAME] = forms.IntegerField(
            label=_("Order"),
            required=False,
            min_value=1,
            max_value=999,
            initial=form.fields[ORDERING_FIELD_NAME].initial,
            widget=forms.NumberInput(attrs=NUMBER),
        )

    @property
    def ordered_forms(self) -> list[Any]:
        """The forms of the rows that are not removed, in their order; those without a number come last."""
        rows: list[Any] = super().ordered_forms

        def order(form: Any) -> tuple[int, bool]:
            return (form.cleaned_data[ORDERING_FIELD_NAME] or 1000, ORDERING_FIELD_NAME not in form.changed_data)

        return sorted(rows, key=order)

    def save(self, commit: bool = True) -> Any:
        """Save the rows and renumber them. Call inside a transaction."""
        for n, form in enumerate(self.extra_forms, 1):
            form.instance.position = 10_000 + n
        saved = super().save(commit)
        for position, form in enumerate(self.ordered_forms, 1):
            type(form.instance).objects.filter(pk=form.instance.pk).update(position=position)
        return saved
