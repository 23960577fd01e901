"""What is searched for in the log of access."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from history.models import AUDIT_TEXT, AuditEntry
from teams.logs.log_forms import LogFilter


class AuditFilter(LogFilter):
    kind = forms.ChoiceField(
        label=pgettext_lazy("log", "What happened"),
        required=False,
        choices=[("", _("Everything")), *AuditEntry.Kind.choices],
    )
    field_order = ["q", "kind", "first", "last"]

    def entries(self) -> QuerySet[AuditEntry]:
        """The entries that are asked for."""
        kind = self.asked().get("kind")
        asked = {"kind": kind} if kind else {}
        return self.with_words(AuditEntry.objects.select_related("by").filter(self.of_days(), **asked), AUDIT_TEXT)
