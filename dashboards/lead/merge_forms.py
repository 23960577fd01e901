"""The form that chooses which values a merged lead keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from leads.models import CustomField, Lead
from smarketing.pages import wording

MERGED_FIELDS = (
    "family_name", "given_name", "family_name_reading", "given_name_reading", "email", "phone", "company", "title",
    "department", "seniority", "buying_role", "country", "region", "source", "campaign", "consent", "owner",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One attribute of both records, with a choice where they differ."""

    name: str
    label: str
    mine: str
    theirs: str
    choice: forms.BoundField | None


class MergeForm(forms.Form):
    """Chooses whose value is kept, for each attribute in which the two differ."""

    def __init__(self, *args: Any, kept: Lead, other: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept, self.other = kept, other
        self.custom = {
            field.key: field for field in CustomField.objects.known() if field.subject == CustomField.Subject.LEAD
        }
        for name in [*MERGED_FIELDS, *(f"custom.{key}" for key in self.custom)]:
            mine, theirs = self.value(kept, name), self.value(other, name)
            if mine not in (None, "") and theirs not in (None, "") and mine != theirs:
                self.fields[name] = forms.ChoiceField(
                    choices=[("kept", self.describe(kept, name)), ("other", self.describe(other, name))],
                    widget=forms.RadioSelect,
                    initial="kept",
                    label=self.label_of(name),
                )

    def value(self, lead: Lead, name: str) -> Any:
        return lead.custom.get(name.removeprefix("custom.")) if name.startswith("custom.") else getattr(lead, name)

    def label_of(self, name: str) -> str:
        if name.startswith("custom."):
            return str(self.custom[name.removeprefix("custom.")])
        return str(Lead._meta.get_field(name).verbose_name)  # type: ignore[union-attr]

    def describe(self, lead: Lead, name: str) -> str:
        value = self.value(lead, name)
        if name == "consent":
            return str(lead.get_consent_display())
        if name == "owner":
            return wording.person_name(value)
        if value in (None, ""):
            return wording.NOTHING
        if value is True or value is False:
            return _("Yes") if value else _("No")
        return str(value)

    def rows(self) -> list[Row]:
        """The attributes that are filled in for one of them."""
        names = [*MERGED_FIELDS, *(f"custom.{key}" for key in self.custom)]
        return [
            Row(
                name,
                self.label_of(name),
                self.describe(self.kept, name),
                self.describe(self.other, name),
                self[name] if name in self.fields else None,
            )
            for name in names
            if self.value(self.kept, name) not in (None, "") or self.value(self.other, name) not in (None, "")
        ]

    def values(self) -> dict[str, Any]:
        """The values to take from the other record: those chosen, and those that only it has."""
        chosen = {name for name, whose in self.cleaned_data.items() if whose == "other"}
        only_other = {
            name
            for name in MERGED_FIELDS
            if self.value(self.kept, name) in (None, "") and self.value(self.other, name) not in (None, "")
        }
        return {name: self.value(self.other, name) for name in chosen | only_other}
