"""Fields that the endpoints of every app share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

# A year out of this range is a slip of the keyboard.
YEARS = range(1900, 2101)


class KnownMembers(serializers.Serializer[Any]):
    """A body that takes its own members only: a slip in a name is told, not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [str(name) for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not unknown or not isinstance(error.detail, dict):
                raise
            raise serializers.ValidationError({**error.detail, **no_such_members(unknown)})
        if unknown:
            raise serializers.ValidationError(no_such_members(unknown))
        return values


class NoMembers(KnownMembers):
    """A body of which nothing is asked: none at all, or an empty one."""

    @classmethod
    def check(cls, body: Any) -> None:
        """Raise `ValidationError` where something is said all the same."""
        cls(data={} if body is None else body).is_valid(raise_exception=True)


class Emptying(KnownMembers):
    """A body of which null empties what may be empty: a text becomes the empty text."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            # Of the texts, those that may be empty.
            if getattr(field, "allow_blank", False):
                field.allow_null = True
        return fields

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        texts = [name for name, field in self.fields.items() if getattr(field, "allow_blank", False)]
        return values | {name: "" for name in texts if name in values and values[name] is None}


def no_such_members(names: Iterable[str]) -> dict[str, list[str]]:
    return {name: [_("There is no such member here.")] for name in names}


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
