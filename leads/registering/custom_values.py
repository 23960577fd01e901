"""Values of the attributes that the administrator added: one reader for pages, programs and files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from leads.models.custom_fields import CustomField
from smarketing.company import company_zone

LONGEST_TEXT = 2000
# Below it every whole number is exact in JSON, whoever reads it.
LARGEST_NUMBER = 10**15


def read_custom_value(field: CustomField, value: Any) -> Any:
    """The value as JSON keeps it for the field's type; None for nothing. Raises `ValidationError` with the reason."""
    if value in (None, ""):
        return None
    match field.type:
        case CustomField.Type.NUMBER:
            return _number(value)
        case CustomField.Type.DATE:
            return _day(value)
        case CustomField.Type.BOOLEAN:
            if isinstance(value, bool):
                return value
            raise ValidationError(_("Neither yes nor no."))
        case CustomField.Type.CHOICE if field.choices and value not in field.choices:
            raise ValidationError(_("Not one of the choices."))
    return _text(value)


def read_custom_values(given: Mapping[str, Any], subject: CustomField.Subject) -> dict[str, Any]:
    """The same for several attributes of a lead or a company, by their keys.

    Raises `ValidationError` with the reasons by `custom.KEY`; an attribute that does not exist is one.
    """
    if not given:
        return {}
    fields = {field.key: field for field in CustomField.objects.filter(subject=subject, key__in=given)}
    read: dict[str, Any] = {}
    errors: dict[str, ValidationError] = {}
    for key, value in given.items():
        try:
            read[key] = read_custom_value(_known(fields, key), value)
        except ValidationError as wrong:
            errors[f"custom.{key}"] = wrong
    if errors:
        raise ValidationError(errors)
    return read


def refused_custom_values(given: Mapping[str, Any], subject: CustomField.Subject) -> set[str]:
    """Which of these values `read_custom_values` would refuse, as `custom.KEY`."""
    try:
        read_custom_values(given, subject)
    except ValidationError as wrong:
        return set(wrong.error_dict)
    return set()


def _known(fields: Mapping[str, CustomField], key: str) -> CustomField:
    if key not in fields:
        raise ValidationError(_("There is no attribute “%(name)s”.") % {"name": key})
    return fields[key]


def _text(value: Any) -> str:
    text = str(value).strip()
    if len(text) > LONGEST_TEXT:
        raise ValidationError(_("Longer than %(longest)s characters.") % {"longest": LONGEST_TEXT})
    return text


def _number(value: Any) -> int | float:
    # Python would read yes as 1, and 1_0 as 10.
    if isinstance(value, bool) or "_" in str(value):
        raise ValidationError(_("Not a number."))
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValidationError(_("Not a number."))
    if not isfinite(number):
        raise ValidationError(_("Not a number."))
    if abs(number) >= LARGEST_NUMBER:
        raise ValidationError(_("A number is too large."))
    return int(number) if number.is_integer() else number


def _day(value: Any) -> str:
    """The day as ISO writes it: of a moment with its zone, the company's day that it lies in."""
    text = str(value).strip()
    try:
        day = parse_date(text) or _day_of(parse_datetime(text))
    except (ValueError, OverflowError):
        day = None
    if day is None:
        raise ValidationError(_("Not a date."))
    return day.isoformat()


def _day_of(moment: datetime | None) -> date | None:
    if moment is None or moment.tzinfo is None:
        return moment and moment.date()
    return moment.astimezone(company_zone()).date()
