"""The changes of a lead or a company, in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from history.models import Change
from leads.models import Campaign, Company, CustomField, Lead, Persona
from scoring.models import Quadrant
from smarketing.database.together import Asked, fetch_together
from smarketing.pages import wording
from teams.models import User

# Attributes that history stores as the id of another record.
RELATED_MODELS: dict[str, type[Model]] = {
    "owner": User,
    "campaign": Campaign,
    "company": Company,
    "persona": Persona,
    "merged": Lead,
    "merged_into": Lead,
}
LABELS = {
    "persona": gettext_lazy("Persona"),
    "quadrant_override": gettext_lazy("Quadrant, by a person"),
    "quadrant_reason": gettext_lazy("Reason for the quadrant"),
    "merged": gettext_lazy("Merged in"),
    "merged_into": gettext_lazy("Merged into"),
}
HOW_LABELS = {
    "page": gettext_lazy("by hand"),
    "api": gettext_lazy("by the API"),
    "import": gettext_lazy("by an import"),
    "merge": gettext_lazy("by a merge"),
    "handoff": gettext_lazy("by a hand-off"),
    "unsubscribe": gettext_lazy("by unsubscribing"),
    "persona": gettext_lazy("by the personas' criteria"),
}


@dataclass(frozen=True)
class ChangeLine:
    """One change, in words."""

    field: str
    old: str
    new: str
    at: datetime
    by: User | None
    way: str


def changes_of(subject: str, pk: int, *, limit: int) -> list[ChangeLine]:
    """The latest changes of one record, with the names of related records."""
    return asked_changes(subject, pk, limit=limit).fetch()


def asked_changes(subject: str, pk: int, *, limit: int) -> Asked[list[ChangeLine]]:
    """The changes, to be asked with what else a page shows."""
    changes = Change.objects.of(subject, pk).select_related("by__team")[:limit]
    return Asked((changes,), lambda rows: _lines(subject, rows))


def _lines(subject: str, rows: list[Change]) -> list[ChangeLine]:
    names = related_names(rows)
    custom = (
        {field.key: str(field) for field in CustomField.objects.known() if field.subject == subject} if rows else {}
    )
    return [
        ChangeLine(
            field_label(subject, row.field, custom),
            format_value(row.field, row.old, names),
            format_value(row.field, row.new, names),
            row.at,
            row.by,
            str(HOW_LABELS.get(row.how, row.how)),
        )
        for row in rows
    ]


def related_names(rows: list[Change]) -> dict[tuple[str, int], str]:
    ids_by_field: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.field in RELATED_MODELS:
            ids_by_field[row.field] |= {value for value in (row.old, row.new) if isinstance(value, int)}
    named = {field: ids for field, ids in ids_by_field.items() if ids}
    if not named:
        return {}
    found = fetch_together(*(RELATED_MODELS[field]._default_manager.filter(pk__in=ids) for field, ids in named.items()))
    return {(field, record.pk): str(record) for field, records in zip(named, found, strict=True) for record in records}


def field_label(subject: str, field: str, custom: dict[str, str]) -> str:
    if field in LABELS:
        return str(LABELS[field])
    if field.startswith("custom."):
        key = field.removeprefix("custom.")
        return custom.get(key, key)
    model = Lead if subject == "lead" else Company
    try:
        return str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return field


def format_value(field: str, value: Any, names: dict[tuple[str, int], str]) -> str:
    if value in (None, ""):
        return wording.NOTHING
    if field in RELATED_MODELS:
        return names.get((field, value), f"#{value}")
    if field == "consent":
        return str(dict(Lead.Consent.choices).get(value, value))
    if field == "quadrant_override":
        return str(dict(Quadrant.choices).get(value, value))
    if value is True or value is False:
        return _("Yes") if value else _("No")
    return str(value)
