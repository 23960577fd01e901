"""Choosing among the versions of a persona, a definition or a score model."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funnel.models import Definition
from history.versions import DatedVersion
from leads.models import PersonaVersion
from scoring.models import ScoreModel

NOT_NAMED = gettext_lazy("not part of it")


def version_state(version: PersonaVersion | Definition | ScoreModel) -> str:
    """ "draft", "in force", or ""."""
    if isinstance(version, DatedVersion) and version.in_force_from and not version.replaced_at:
        return _("in force")
    return _("draft") if version.is_draft else ""


def version_label(version: PersonaVersion | Definition | ScoreModel) -> str:
    """ "version 3 (draft)"; of a score model also its note."""
    name = _("version %(number)s") % {"number": version.number}
    note = f" · {version.note}" if isinstance(version, ScoreModel) and version.note else ""
    state = version_state(version)
    return (f"{name} ({state})" if state else name) + note


class VersionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of several versions, each with its state."""

    def label_from_instance(self, obj: Definition | ScoreModel) -> str:
        return version_label(obj)
