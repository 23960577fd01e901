"""What is searched for in the log of access."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from history.models import AuditEntry
from teams.logs.log_forms import LogFilter

WORDS = ("name", "about", "by__email", "by__family_name", "by__given_name")


class AuditFilter(LogFilter):
    kind = forms.ChoiceField(
        label=pgettext_lazy("log", "What happened"),
        required=False,
        choices=[("", _("Everything")), *AuditEntry.Kind.choices],
    )
    field_order = ["q", "kind", "first", "last"]

    def entries(self) -> QuerySet[AuditEntry]:
        """The entries that are asked for."""
        found = AuditEntry.objects.select_related("by").filter(self.of_days(), self.with_words(WORDS))
        kind = self.asked().get("kind")
        return found.filter(kind=kind) if kind else found
