"""Fields that the endpoints of every app share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

# A year out of this range is a slip of the keyboard.
YEARS = range(1900, 2101)


class MomentField(serializers.DateTimeField):
    """A moment; without a zone it is read in the company's. Far from today it is a slip, not a moment."""

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if moment.year not in YEARS:
            raise serializers.ValidationError(_("Write a moment from 1900 to 2100."))
        return moment


@extend_schema_field({"type": ["string", "number", "boolean"]})
class ScalarField(serializers.Field[Any, Any, Any, Any]):
    """A text, a number, yes or no, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | int | float):
            raise serializers.ValidationError(_("Write a text, a number, true, false or null."))
        if isinstance(data, int) and abs(data) >= 10**15:
            raise serializers.ValidationError(_("A number is too large."))
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.STR)
class NaturalKeyField(serializers.SlugRelatedField[Any]):
    """A row that is named by a text of its own: its key, its name, its e-mail."""

    default_error_messages = {
        "does_not_exist": gettext_lazy("There is no “{value}” here."),
        "invalid": gettext_lazy("Write its name."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
