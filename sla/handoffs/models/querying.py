"""Asking for hand-offs."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.db.models import Exists, FilteredRelation, OuterRef, Q, TextField
from django.db.models.functions import Cast, Coalesce

from teams.models import User

Row = TypeVar("Row", bound=models.Model)
# Accepted, and not over by a merge: the last of a lead is the one that is worked, unless that was given up.
TAKEN = Q(answer="accepted", merged_away_at=None)
WORKED = TAKEN & Q(given_up_at=None)


class ClockedQuerySet(models.QuerySet[Row]):
    """Hand-offs, and the clocks of their answers."""

    def open(self) -> Self:
        return self.filter(answer="")

    def for_rep(self, user: User) -> Self:
        return self.filter(rep=user)

    def standing(self) -> Self:
        """Those that wait for an answer, and the last that was accepted of each lead until it is given up."""
        later = self.model._default_manager.filter(TAKEN, lead=OuterRef("lead"), pk__gt=OuterRef("pk"))
        return self.filter(Q(answer="") | WORKED & ~Exists(later))

    def with_clock(self) -> Self:
        """By deadline, the overdue first, each with its answer clock as `due_at` and `breached_at`: its own, or while
        it has none, that of the first hand-off of its thread; and the hours it started with, as `clock_hours`."""
        clock = FilteredRelation("timers", condition=Q(timers__kind="answer"))
        first = FilteredRelation("follows__timers", condition=Q(follows__timers__kind="answer"))
        columns = {"clock_started_at": "started_at", "due_at": "due_at", "target": "target",
                   "stopped_at": "stopped_at", "breached_at": "breached_at"}  # fmt: skip
        return (
            self.annotate(clock=clock, first_clock=first)
            .annotate(**{name: Coalesce(f"clock__{of}", f"first_clock__{of}") for name, of in columns.items()})
            .annotate(clock_hours=Cast(Coalesce("clock__started_with", "first_clock__started_with"), TextField()))
            .order_by("due_at", "pk")
        )
