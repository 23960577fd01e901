"""What people ask about leads, to be asked again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.criteria.forms import CriteriaField, WithCriteria
from leads.models.segments import Segment


class SegmentForm(WithCriteria, forms.ModelForm):  # type: ignore[type-arg]
    criteria = CriteriaField(label=_("Conditions"))

    class Meta:
        model = Segment
        fields = ("name", "criteria")
