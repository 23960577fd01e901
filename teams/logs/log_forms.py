"""What is searched for in a log: days of the company, words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from smarketing.company import company_zone

DAY = forms.DateInput(attrs={"type": "date"})


class LogFilter(forms.Form):
    q = forms.CharField(label=_("Who or what"), required=False, max_length=100)
    first = forms.DateField(label=_("From"), required=False, widget=DAY)
    last = forms.DateField(label=_("Until"), required=False, widget=DAY)

    def asked(self) -> dict[str, Any]:
        """What is asked for; what cannot be read asks for nothing."""
        self.is_valid()
        return self.cleaned_data

    def of_days(self) -> Q:
        """What happened between the two days, these included."""
        asked, found = self.asked(), Q()
        if asked.get("first"):
            found &= Q(at__gte=datetime.combine(asked["first"], time(), company_zone()))
        if asked.get("last"):
            found &= Q(at__lt=datetime.combine(asked["last"] + timedelta(days=1), time(), company_zone()))
        return found

    def with_words(self, columns: Iterable[str]) -> Q:
        """What has the words in one of these columns."""
        words, found = (self.asked().get("q") or "").replace("\0", ""), Q()
        for column in columns if words else ():
            found |= Q(**{f"{column}__icontains": words})
        return found
