"""The rows of a draft as people type them: one form a row, several to a page, some in an order that people set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Reason
from leads.criteria import Catalogue
from leads.models import Persona
from teams.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NUMBER = {"class": "field__input--short"}


def short(value: Decimal) -> str:
    """As people type it: 0.9500 → "0.95", 4.00 → "4"."""
    return f"{value.normalize():f}"


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
