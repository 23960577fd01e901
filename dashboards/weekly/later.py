"""What was told of a kept week after its end: beside its numbers, never in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from dashboards.weekly.linked_numbers import LinkedNumbers, Number

Numbers = dict[str, Any]


@dataclass(frozen=True)
class LaterFact:
    """One number as it was seen, and as it is known today."""

    label: str
    seen: Number
    known: Number


class LaterFacts:
    """The numbers of a kept week that are others today."""

    def __init__(self, seen: LinkedNumbers, known: LinkedNumbers) -> None:
        self.seen, self.known = seen, known

    @property
    def looked_at(self) -> datetime:
        return self.known.report.computed_at

    @cached_property
    def facts(self) -> list[LaterFact]:
        there = zip(_counts(self.seen), _counts(self.known), strict=True)
        return [LaterFact(label, seen, known) for (label, seen), (_label, known) in there if seen.n != known.n]


def _counts(week: LinkedNumbers) -> Iterator[tuple[str, Number]]:
    numbers = week.numbers
    for line in numbers["stages"]:
        role = line["role"]
        yield str(week.stage_of[role]), week.count("entered", line["entered"], to_role=role)
    handoffs = numbers["handoffs"]
    yield _("Offered"), week.count("offered", handoffs["offered"])
    accepted, answered = handoffs["acceptance"]
    yield _("Answered"), week.count("acceptance", answered, part="denominator")
    yield _("Accepted"), week.count("acceptance", accepted)
    yield _("Answered in time"), week.count("answered_in_time", handoffs["in_time"][0])
    yield _("Contracts"), week.count("contracts", numbers["contracts"])
