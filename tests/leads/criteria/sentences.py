"""Conditions, shortly written, for tests of how they read."""

from typing import Any

CALL: dict[str, Any] = {"did": "call"}
MEETING: dict[str, Any] = {"did": "meeting"}


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op} | ({} if value is None else {"value": value})


CTO = field("title", "=", "CTO")
