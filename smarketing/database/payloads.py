"""Payloads that are kept as JSON: a `TypedDict` declares their members, for rows written in Python and in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, get_type_hints


class BadPayload(ValueError):
    """The payload has other members than its declaration."""


@cache
def members_of(declared: type) -> dict[str, Any]:
    """The types of the members, by name."""
    return get_type_hints(declared)


def check_members(name: str, declared: type, given: Collection[str]) -> None:
    """Raise `BadPayload` unless `given` are the names of all members, and of nothing else."""
    if set(given) != members_of(declared).keys():
        raise BadPayload(f"{name} has the members {', '.join(members_of(declared))}, not {', '.join(given)}.")


def jsonb_sql(members: Mapping[str, str]) -> str:
    """The SQL of a JSON object, from SQL expressions by member."""
    pairs = ", ".join(f"'{member}', {expression}" for member, expression in members.items())
    return f"jsonb_build_object({pairs})"
