from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import override

from history.events import Event, events

INTRODUCTION = """\
# Events

What Smarketing writes down for programs outside, in the transaction that made it happen. A row is kept for 30 days.
Identifiers are those of the API, moments in ISO 8601. This page is what `python manage.py events` prints.

| event | what happened | payload |
|---|---|---|
"""
TYPES: dict[Any, str] = {
    bool: "boolean",
    datetime: "date-time",
    Decimal: "decimal string",
    int: "integer",
    list[int]: "list of integers",
    str: "string",
}


class Command(BaseCommand):
    help = "Print the catalogue of events, as docs/events.md holds it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            self.stdout.write(INTRODUCTION + "\n".join(map(row, events())))


def row(event: Event[Any]) -> str:
    members = ", ".join(f"`{name}`: {describe_type(kind)}" for name, kind in event.members.items())
    return f"| `{event.name}` | {event.sentence} | {members} |"


def describe_type(kind: Any) -> str:
    """Return the type of a member in words: those of `TYPES`, or one of them or nothing."""
    if kind in TYPES:
        return TYPES[kind]
    (inner,) = (each for each in kind.__args__ if each is not type(None))
    return f"{TYPES[inner]} or null"
