"""What is searched for among the changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from history.edits import kinds
from history.models import EDIT_TEXT, Edit
from smarketing.pages.wording import person_name
from teams.logs.log_forms import LogFilter
from teams.models import User


def kind_choices() -> list[tuple[str, str]]:
    """What can be edited, in the order of its names."""
    return [("", str(_("Everything"))), *sorted(((kind.key, str(kind.label)) for kind in kinds()), key=lambda k: k[1])]


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return person_name(obj)


class EditFilter(LogFilter):
    kind = forms.ChoiceField(label=pgettext_lazy("log", "What was changed"), required=False, choices=kind_choices)
    by = PersonField(User.objects.all(), label=_("Who changed it"), required=False, empty_label=_("Everybody"))
    field_order = ["q", "kind", "by", "first", "last"]

    def edits(self) -> QuerySet[Edit]:
        """The edits that are asked for."""
        asked = {name: value for name, value in self.asked().items() if name in ("kind", "by") and value}
        return self.with_words(Edit.objects.select_related("by").filter(self.of_days(), **asked), EDIT_TEXT)
