"""The form that asks for a funnel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.question import View, dimension

WINDOWS = (14, 30, 60, 90, 180, 365)
CUTS = ("", "month", "week", "source", "campaign", "country", "persona", "quadrant")


class FunnelForm(forms.Form):
    start = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    view = forms.ChoiceField(
        label=gettext_lazy("View"),
        choices=[(view.value, view.label) for view in View],
        widget=forms.RadioSelect(attrs={"class": "segments"}),
    )
    window = forms.TypedChoiceField(
        label=gettext_lazy("Within"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy("Cohort view only."),
    )
    by = forms.ChoiceField(label=gettext_lazy("Cut by"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["window"].choices = [  # type: ignore[attr-defined]
            ("", _("ever")),
            *((days, _("%(n)s days") % {"n": days}) for days in WINDOWS),
        ]
        self.fields["by"].choices = [  # type: ignore[attr-defined]
            (name, dimension(name).label if name else gettext_lazy("not at all")) for name in CUTS
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("start") and cleaned.get("last"):
            if cleaned["last"] < cleaned["start"]:
                self.add_error("last", _("The last day is not before the first."))
            elif cleaned["last"] - cleaned["start"] > timedelta(days=3700):
                self.add_error("last", _("Ask for ten years at most."))
        return cleaned
