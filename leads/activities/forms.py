"""What administrators type about kinds of activity."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from leads.models.activities import ActivityKind
from smarketing.pages.inputs import ListedForm


class ActivityKindForm(ListedForm):
    list_page, list_title, new_title = "activity_kinds", _("Activity kinds"), _("New kind")

    class Meta:
        model = ActivityKind
        fields = ("name_en", "name_ja", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["key"].disabled = True
