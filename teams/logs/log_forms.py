"""What is searched for in a log: days of the company, words.

A log may have millions of rows. Words are found by an index of trigrams, the people who did it by theirs. What has no
trigram in it (one or two characters, signs) is looked for among the latest rows alone.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from django import forms
from django.db.models import Expression, F, Model, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from smarketing.company import company_zone
from smarketing.database.keyset import RowComparison, row_value
from teams.models import User

Row = TypeVar("Row", bound=Model)

PEOPLE = ("email", "family_name", "given_name")
TRIGRAM = re.compile(r"[^\W_]{3}")
# So many rows are read for words that no index finds.
LATEST = 20_000
DAY = forms.DateInput(attrs={"type": "date"})


class LogFilter(forms.Form):
    # Among how many of the latest rows words were looked for; None: among all.
    latest: int | None = None
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

    def with_words(self, rows: QuerySet[Row], text: Expression) -> QuerySet[Row]:
        """Of those, what has the words in that text, or was done by somebody whose name or address has them."""
        words = (self.asked().get("q") or "").replace("\0", "")
        if not words:
            return rows
        names = Q(*[(f"{name}__icontains", words) for name in PEOPLE], _connector=Q.OR)
        people = list(User.objects.filter(names).values_list("pk", flat=True))
        has_them = Q(text__contains=Upper(Value(words)))
        if not TRIGRAM.search(words) and (cut := self._cut(rows)):
            self.latest = LATEST
            has_them &= cut
        searched: Any = rows.alias(text=text)  # Still rows of the same model.
        found: QuerySet[Row] = searched.filter(Q(by__in=people) | has_them)
        return found

    def _cut(self, rows: QuerySet[Row]) -> Q | None:
        """That a row is one of the latest; nothing where there are no more."""
        moments = rows.order_by("-at", "-pk").values_list("at", "pk")
        for at, pk in moments[LATEST : LATEST + 1]:
            return Q(RowComparison(row_value(F("at"), F("pk")), row_value(Value(at), Value(pk)), arg_joiner=" > "))
        return None
