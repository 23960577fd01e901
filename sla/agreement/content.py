"""What two versions say, compared: a proposal that says the same as what is in force asks for no signatures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import ForeignKey, Model

from history.frozen import KeepChildrenFrozen
from history.versions import DATES, Versioned
from sla.agreement.models.agreements import Agreement
from sla.agreement.models.policies import Policy

# What a version is, beside what it says. `note` of a score model says what changed in it.
CIRCUMSTANCES = {"number", "created_by", "created_at", "note", "effective_on", "qualifies_standing", "proposed_by"}


def same_in_force(draft: Agreement, *, at: datetime) -> Agreement | None:
    """The agreement in force, where it is the one signed last and the draft says the same."""
    signed = Agreement.objects.signed().first()
    return signed if signed and signed.holds(at) and content(signed) == content(draft) else None


def content(row: Model, parent: Model | None = None) -> dict[str, Any]:
    """What a row says: its columns, the versions that it names by what they say, and the rows that freeze with it."""
    says = {name: _value(row, name) for name in _columns(row, parent)}
    return says | {children: _contents(rows, row) for children, rows in _frozen_with(row)}


def _columns(row: Model, parent: Model | None) -> Iterator[str]:
    left_out = {*CIRCUMSTANCES, *DATES, row.FROZEN_AT} if isinstance(row, Versioned) else set()
    for field in row._meta.concrete_fields:
        belongs = isinstance(field, ForeignKey) and parent is not None and field.related_model is type(parent)
        if not field.primary_key and not belongs and field.name not in left_out:
            yield field.name


def _value(row: Model, name: str) -> Any:
    value = getattr(row, name)
    if isinstance(value, Versioned):
        return content(value)
    if isinstance(value, Policy):  # Copied with the version; its place says which one it is.
        return value.position
    return value.pk if isinstance(value, Model) else value


def _contents(rows: Any, parent: Model) -> list[dict[str, Any]]:
    """What each row says, in an order that no database decides."""
    return sorted((content(row, parent) for row in rows.all()), key=repr)


def _frozen_with(row: Model) -> Iterator[tuple[str, Any]]:
    for relation in row._meta.related_objects:
        triggers = getattr(relation.related_model._meta, "triggers", ())
        parents = {each.parent for each in triggers if isinstance(each, KeepChildrenFrozen)}
        name = relation.get_accessor_name()
        if name and relation.field.name in parents:
            yield name, getattr(row, name)
