"""Columns of a file that are attributes of the administrator's: custom.NAME and company.custom.NAME."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.importing.engine.batches import Warnings
from leads.importing.engine.mapping import ColumnMapping, Plan
from leads.importing.files import cells
from leads.importing.files.cells import Reader, Reading, Refused
from leads.models.custom_fields import CustomField
from leads.registering.custom_values import read_custom_value

SUBJECTS = {"company.custom.": CustomField.Subject.COMPANY, "custom.": CustomField.Subject.LEAD}
LONGEST_KEY = 40


def with_keys(mapping: ColumnMapping) -> ColumnMapping:
    """The same with custom.NAME by the key of that attribute: “Landing page” is kept as Landing_page."""
    return ColumnMapping(
        {header: keyed(name) for header, name in mapping.columns.items()},
        {keyed(name): value for name, value in mapping.constants.items()},
        {keyed(name): words for name, words in mapping.values.items()},
    )


def keyed(name: str) -> str:
    for prefix in SUBJECTS:
        if name.startswith(prefix):
            return prefix + (re.sub(r"[^\w-]+", "_", name.removeprefix(prefix)).strip("_")[:LONGEST_KEY] or "_")
    return name


def prepare_custom_columns(plan: Plan, warnings: Warnings) -> None:
    """Make the custom attributes that do not exist yet, as text, with a warning; read the others by their type."""
    for name in plan.field_names:
        prefix = next((prefix for prefix in SUBJECTS if name.startswith(prefix)), None)
        if prefix is None or name in plan.kind.fields:
            continue
        subject = _subject(plan, prefix)
        key = name.removeprefix(prefix)
        attribute, is_new = CustomField.objects.get_or_create(subject=subject, key=key, defaults={"name_en": key})
        if is_new:
            warnings.add(_("The attribute “%(name)s” did not exist and was made, as text.") % {"name": key})
        plan.readers[name] = partial(read_custom_cell, attribute)


def attribute_type(plan: Plan, name: str) -> str:
    """The type of the administrator's attribute that a field of the file is; empty for another field."""
    prefix = next((prefix for prefix in SUBJECTS if name.startswith(prefix)), None)
    if prefix is None or name in plan.kind.fields:
        return ""
    known = CustomField.objects.filter(subject=_subject(plan, prefix), key=name.removeprefix(prefix))
    return str(known.values_list("type", flat=True).first() or "")


def _subject(plan: Plan, prefix: str) -> str:
    return CustomField.Subject.COMPANY if plan.kind.key == "companies" else SUBJECTS[prefix]


def read_custom_cell(attribute: CustomField, cell: str, reading: Reading) -> Any:
    """The value that the cell gives the attribute. What is refused leaves the cell empty, with a warning."""
    try:
        return read_custom_value(attribute, _parser(attribute)(cell, reading))
    except Refused as refused:
        reason = str(refused)
    except ValidationError as refused:
        reason = _("“%(cell)s”: %(reason)s") % {"cell": cells.shortened(cell), "reason": " ".join(refused.messages)}
    reading.warn(_("%(reason)s “%(attribute)s” was left empty.") % {"reason": reason, "attribute": attribute})
    return None


def _parser(attribute: CustomField) -> Reader:
    """How people write values of its type in a file."""
    match attribute.type:
        case CustomField.Type.NUMBER:
            return cells.number
        case CustomField.Type.DATE:
            return cells.day
        case CustomField.Type.BOOLEAN:
            return cells.yes_or_no
    return cells.one_line
