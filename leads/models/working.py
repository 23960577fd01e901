"""Who works a lead: the apps above say so of their own nouns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from django.db.models import Q, QuerySet

from teams.models import User

# The condition of a lead that one of these people works.
WorkedBy: TypeAlias = Callable[[QuerySet[User]], Q]

_ways: list[WorkedBy] = []


def register_work(way: WorkedBy) -> None:
    """Let those who work a lead in this way change it. Call it in `AppConfig.ready()`."""
    if way not in _ways:
        _ways.append(way)


def worked_by(people: QuerySet[User]) -> Q:
    condition = Q(pk__in=[])
    for way in _ways:
        condition |= way(people)
    return condition
