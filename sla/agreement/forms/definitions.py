"""The form of a draft definition."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from funnel.models import Definition
from leads.criteria.forms import CriteriaField, WithCriteria
from sla.agreement.document.sentences import verdicts


class DefinitionForm(WithCriteria, forms.ModelForm):  # type: ignore[type-arg]
    """A draft definition: its text, its criteria, its cool-off."""

    criteria = CriteriaField(label=gettext_lazy("Criteria"), required=False)

    class Meta:
        model = Definition
        fields = ("criteria", "text", "cool_off_days")
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "cool_off_days": forms.NumberInput(attrs={"class": "field__input--short"}),
        }
        help_texts = {
            "text": gettext_lazy("What the criteria cannot say: what both sides mean by it."),
            "cool_off_days": gettext_lazy("So long a recycled lead waits before it may qualify again."),
        }

    def __init__(self, *args: Any, before: Definition | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["criteria"]
        assert isinstance(field, CriteriaField)
        field.editor.verdicts = verdicts(self.instance.stage)
        if before is not None:
            field.compare_with(before.criteria)
