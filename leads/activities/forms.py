"""What administrators type about kinds of activity."""

from __future__ import annotations

from typing import Any

from django import forms

from leads.models.activities import ActivityKind


class ActivityKindForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ActivityKind
        fields = ("name_en", "name_ja", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["key"].disabled = True
