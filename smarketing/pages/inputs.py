"""Inputs that several apps' forms use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet


class ListedForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row of a list that administrators keep; `edit_listed.html` shows it."""

    list_page: ClassVar[str]
    list_title: ClassVar[Any]
    new_title: ClassVar[Any]

    @property
    def title(self) -> str:
        return str(self.instance if self.instance.pk else self.new_title)


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


def offer_known(field: forms.Field, rows: QuerySet[Any], known: Iterable[Model]) -> list[tuple[Any, str]]:
    """Let a field offer rows that are known already, and return its choices. `rows` are the same, asked when one was
    chosen; a field asks for its own list each time that it is shown."""
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
    choices = [(field.prepare_value(each), field.label_from_instance(each)) for each in known]
    field.choices = choices if field.empty_label is None else [("", str(field.empty_label)), *choices]
    return choices
