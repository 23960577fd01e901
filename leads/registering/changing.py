"""A lead or a company takes new values, and history keeps what they were."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from history.models import Change
from leads.models.companies import Company
from leads.models.custom_fields import CustomField
from leads.models.leads import Lead
from leads.registering.custom_values import read_custom_values
from teams.models import User

# Attributes by their names, `custom.KEY` for the administrator's.
Values = Mapping[str, Any]
# What really changed: {name: (old, new)}.
Changes = dict[str, tuple[Any, Any]]
R = TypeVar("R", Lead, Company)

# Columns that are derived from an attribute, and saved with it.
DERIVED = {"email": "is_free_mail", "consent": "consent_at", "phone": "phone_e164", "country": "phone_e164"}


def write_changes(
    record: R,
    subject: str,
    values: Values,
    assign: Callable[[R, Values], None],
    *,
    by: User | None,
    how: str,
    at: datetime,
) -> Changes:
    """Give the record these values, locked, and keep what they were. Call inside a transaction."""
    type(record)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=record.pk)
    record.refresh_from_db()
    before = {name: attribute(record, name) for name in values}
    assign(record, values)
    changes = _differences(record, before)
    if changes:
        _save_changed(record, changes)
        Change.objects.write(subject, record.pk, changes, at=at, by=by, how=how)
    return changes


def attribute(record: Lead | Company, name: str) -> Any:
    """A value as history keeps it: an id for another record, the bare value else."""
    if name.startswith("custom."):
        return record.custom.get(name.removeprefix("custom."))
    return getattr(record, record._meta.get_field(name).attname)  # type: ignore[union-attr]


def _differences(record: Lead | Company, before: Mapping[str, Any]) -> Changes:
    after = {name: attribute(record, name) for name in before}
    return {name: (old, after[name]) for name, old in before.items() if old != after[name]}


def _save_changed(record: Lead | Company, changes: Changes) -> None:
    columns = {"custom" if name.startswith("custom.") else name for name in changes}
    # A company has a country, too, and no phone.
    derived = {DERIVED[name] for name in columns & DERIVED.keys() if hasattr(record, DERIVED[name])}
    record.save(update_fields=columns | derived)


def assign_attributes(
    record: Lead | Company, values: Values, allowed: Collection[str], subject: CustomField.Subject
) -> None:
    """Put the values into the record, unsaved. Raises `ValidationError` with every value that is refused."""
    errors: dict[str, Any] = {}
    custom = {}
    for name, value in values.items():
        if name.startswith("custom."):
            custom[name.removeprefix("custom.")] = value
        elif name in allowed:
            setattr(record, name, value.strip() if isinstance(value, str) else value)
        else:
            errors[name] = ValidationError(_("There is no attribute “%(name)s”.") % {"name": name})
    try:
        record.custom = record.custom | read_custom_values(custom, subject)
    except ValidationError as wrong:
        errors |= wrong.error_dict
    try:
        record.clean_fields(exclude=[field.name for field in record._meta.fields if field.name not in values])
    except ValidationError as wrong:
        errors |= wrong.error_dict
    if errors:
        raise ValidationError(errors)


def without_empty(values: Values) -> dict[str, Any]:
    """What registering takes: an empty value never erases."""
    return {name: value for name, value in values.items() if value not in (None, "")}
