"""What changed of a lead or a company, in words."""

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
from smarketing.pages import wording
from teams.models import User

# Attributes that history keeps as the id of another record.
OTHERS: dict[str, type[Model]] = {
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
WAYS = {
    "page": gettext_lazy("by hand"),
    "api": gettext_lazy("by the API"),
    "import": gettext_lazy("by an import"),
    "merge": gettext_lazy("by a merge"),
    "handoff": gettext_lazy("by a hand-off"),
    "unsubscribe": gettext_lazy("by unsubscribing"),
    "persona": gettext_lazy("by the personas' criteria"),
}


@dataclass(frozen=True)
class Said:
    """One change, as a line reads it."""

    field: str
    old: str
    new: str
    at: datetime
    by: User | None
    way: str


def changes_of(subject: str, pk: int, *, limit: int) -> list[Said]:
    """The latest changes of one record. Other records are named, not numbered."""
    rows = list(Change.objects.of(subject, pk).select_related("by__team")[:limit])
    names = named(rows)
    custom = {field.key: str(field) for field in CustomField.objects.filter(subject=subject)} if rows else {}
    return [
        Said(
            labelled(subject, row.field, custom),
            valued(row.field, row.old, names),
            valued(row.field, row.new, names),
            row.at,
            row.by,
            str(WAYS.get(row.how, row.how)),
        )
        for row in rows
    ]


def named(rows: list[Change]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.field in OTHERS:
            wanted[row.field] |= {value for value in (row.old, row.new) if isinstance(value, int)}
    found: dict[tuple[str, int], str] = {}
    for field, ids in wanted.items():
        if ids:
            records = OTHERS[field]._default_manager.filter(pk__in=ids)
            found |= {(field, record.pk): str(record) for record in records}
    return found


def labelled(subject: str, field: str, custom: dict[str, str]) -> str:
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


def valued(field: str, value: Any, names: dict[tuple[str, int], str]) -> str:
    if value in (None, ""):
        return wording.NOTHING
    if field in OTHERS:
        return names.get((field, value), f"#{value}")
    if field == "consent":
        return str(dict(Lead.Consent.choices).get(value, value))
    if field == "quadrant_override":
        return str(dict(Quadrant.choices).get(value, value))
    if value is True or value is False:
        return _("Yes") if value else _("No")
    return str(value)
