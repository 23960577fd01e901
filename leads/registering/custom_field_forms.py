"""Attributes that the administrator added, as form fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.models.custom_fields import CustomField
from leads.registering.custom_values import LONGEST_TEXT, read_custom_value
from smarketing.pages.inputs import DateInput, ListedForm

CUSTOM = "custom."


def typed_field(attribute: CustomField) -> forms.Field:
    """The form field for an attribute of the administrator's. What it may hold is `read_custom_value`'s to decide."""
    label, of = str(attribute), CustomField.Type
    if attribute.type == of.NUMBER:
        return forms.DecimalField(label=label, required=False)
    if attribute.type == of.DATE:
        return forms.DateField(label=label, required=False, widget=DateInput())
    if attribute.type == of.BOOLEAN:
        answers = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
        return forms.TypedChoiceField(
            label=label, required=False, choices=answers, coerce=lambda value: value == "true", empty_value=None
        )
    if attribute.type == of.CHOICE:
        choices = [("", "–"), *((choice, choice) for choice in attribute.choices)]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    return forms.CharField(label=label, required=False, max_length=LONGEST_TEXT)


def initial_value(attribute: CustomField, value: Any) -> Any:
    """A stored value as its form field takes it. A value that is not of the type stays as it is."""
    if attribute.type == CustomField.Type.BOOLEAN and isinstance(value, bool):
        return "true" if value else "false"
    return value


class WithCustomFields(forms.Form):
    """A form about a lead or a company, with the administrator's attributes below its own."""

    subject: CustomField.Subject
    own_fields: tuple[str, ...]

    def __init__(self, *args: Any, subject: Any = None, **kwargs: Any) -> None:
        self.record = subject
        self.attributes = [each for each in CustomField.objects.known() if each.subject == self.subject]
        kwargs["initial"] = self.begin() | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for attribute in self.attributes:
            self.fields[CUSTOM + attribute.key] = typed_field(attribute)

    def begin(self) -> dict[str, Any]:
        if self.record is None:
            return {}
        own = {name: getattr(self.record, name) for name in self.own_fields}
        return own | {
            CUSTOM + attribute.key: initial_value(attribute, self.record.custom.get(attribute.key))
            for attribute in self.attributes
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for attribute in self.attributes:
            name = CUSTOM + attribute.key
            try:
                cleaned[name] = read_custom_value(attribute, cleaned.get(name))
            except ValidationError as wrong:
                self.add_error(name, wrong)
        return cleaned

    def values(self) -> dict[str, Any]:
        """What was typed, by the name of the attribute: `custom.KEY` for the administrator's."""
        return dict(self.cleaned_data)

    def refuse(self, wrong: ValidationError) -> None:
        """Show what the record itself refused, at the field where it has one."""
        for name, messages in wrong.message_dict.items():
            self.add_error(name if name in self.fields else None, ValidationError(messages))

    @property
    def custom_fields(self) -> list[forms.BoundField]:
        return [self[CUSTOM + attribute.key] for attribute in self.attributes]


class CustomFieldForm(ListedForm):
    list_page, list_title, new_title = "custom_fields", _("Custom fields"), _("New field")

    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For “one of a list”: one a line."),
    )

    class Meta:
        model = CustomField
        fields = ("name_en", "name_ja", "subject", "key", "type", "choices")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(self.instance.choices)
        if self.instance.pk:
            # What leads already say of themselves must stay readable.
            for name in ("subject", "key", "type"):
                self.fields[name].disabled = True

    def clean_choices(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("type") == CustomField.Type.CHOICE and not cleaned.get("choices"):
            self.add_error("choices", _("Say what there is to choose from."))
        elif cleaned.get("type") != CustomField.Type.CHOICE:
            cleaned["choices"] = []
        return cleaned
