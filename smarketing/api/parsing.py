"""JSON that the database can store: what it could not is refused before an endpoint sees it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import JSONParser

# How deep JSON may be nested: criteria and properties are far from it.
MAX_DEPTH = 24


class StorableJSONParser(JSONParser):
    """JSON without a NUL, half a surrogate pair, an infinite number or too deep a nesting."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            value = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError(_too_deep())
        if fault := unstorable_json(value):
            raise exceptions.ParseError(fault)
        return value


def unstorable_json(value: Any) -> str:
    """Describe why PostgreSQL cannot store a value parsed from JSON; empty when it can."""
    level = [value]
    for _depth in range(MAX_DEPTH):
        next_level: list[Any] = []
        for item in level:
            if fault := _unstorable_scalar(item):
                return fault
            if isinstance(item, dict):
                next_level += (*item.keys(), *item.values())
            elif isinstance(item, list):
                next_level += item
        if not next_level:
            return ""
        level = next_level
    return _too_deep()


def _unstorable_scalar(value: Any) -> str:
    if isinstance(value, str):
        if "\0" in value:
            return _("A NUL character cannot be kept.")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return _("Half a surrogate pair is no character.")
    elif isinstance(value, float) and not math.isfinite(value):
        return _("A number is too large.")
    return ""


def _too_deep() -> str:
    return _("Nested deeper than %(most)s levels.") % {"most": MAX_DEPTH}
