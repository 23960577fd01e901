"""The forms of the page on which a head signs a proposal or sends it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.agreement.document.lines import Line, Part, as_text
from sla.agreement.returning import Remark


class SignatureForm(forms.Form):
    """One head's consent."""

    agrees = forms.BooleanField(
        label=gettext_lazy("I have read it, and I agree to it for my team."),
        error_messages={"required": gettext_lazy("Tick this to sign.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReturnForm(forms.Form):
    """What should change in the agreement as a whole."""

    comment = forms.CharField(
        label=gettext_lazy("What should change"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RemarkForm(forms.Form):
    """What should change at one line of the document."""

    line = forms.ChoiceField(label=gettext_lazy("At the line"), required=False)
    text = forms.CharField(
        label=gettext_lazy("What should change there"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, parts: Sequence[Part] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        self.lines = {line.key: line for part in parts for line in part.lines}
        groups = [
            (f"{part.number} {part.title}", [(line.key, f"{line.number} {shorten_line(line)}") for line in part.lines])
            for part in parts
        ]
        field.choices = [("", "–"), *groups]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("line") and not cleaned.get("text"):
            self.add_error("text", _("Say what should change there."))
        if cleaned.get("text") and not cleaned.get("line") and "line" not in self.errors:
            self.add_error("line", _("Choose the line that you mean."))
        return cleaned

    @property
    def remark(self) -> Remark | None:
        """The request for a change, or None for an empty row."""
        line = self.lines.get(self.cleaned_data.get("line", ""))
        return Remark(line.key, line.plain, self.cleaned_data["text"]) if line else None


def shorten_line(line: Line) -> str:
    return Truncator(as_text(line.words)).chars(70)


RemarkFormSet = forms.formset_factory(RemarkForm, extra=5, max_num=20)
