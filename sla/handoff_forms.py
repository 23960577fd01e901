from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Reason
from sla.models import Handoff


class AcceptanceForm(forms.Form):
    """A word on the persona with the yes, where it can be told already."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Does this lead fit the persona?"),
        choices=Handoff.Verdict.choices,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "segments", "form": "acceptance"}),
    )


class RejectionForm(forms.Form):
    """Why a lead is not for sales now, and whether it is the buyer we agreed on."""

    reason = forms.ModelChoiceField(
        Reason.objects.filter(kind=Reason.Kind.REJECTED, retired_at=None),
        label=gettext_lazy("Why is it not for sales now?"),
        empty_label=None,
        to_field_name="key",
        widget=forms.RadioSelect(attrs={"class": "chips"}),
        error_messages={"required": gettext_lazy("Choose a reason: marketing learns from it.")},
    )
    verdict = forms.ChoiceField(
        label=gettext_lazy("Does this lead fit the persona?"),
        choices=Handoff.Verdict.choices,
        widget=forms.RadioSelect(attrs={"class": "segments"}),
        error_messages={"required": gettext_lazy("Say whether the lead fits the persona.")},
    )
    note = forms.CharField(
        label=gettext_lazy("A word to marketing"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        reason = cleaned.get("reason")
        if reason and reason.needs_text and not cleaned.get("note", "").strip():
            self.add_error("note", _("“%(reason)s” says nothing by itself: add a word.") % {"reason": reason})
        return cleaned
