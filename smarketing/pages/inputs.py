"""Inputs that several apps' forms use."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms


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
