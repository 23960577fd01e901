"""What became of the leads that a definition qualified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from funnel.models import Definition, StageRole, Transition
from metrics.period import Period
from sla.models import Handoff

# The counts of a yield, in the order of the columns; each links to its leads.
PARTS = ("qualified", "accepted", "rejected", "customers")


@dataclass(frozen=True)
class Yield:
    """What became of the leads that one version of a definition qualified in the period."""

    definition: Definition
    counts: dict[str, int]
    urls: dict[str, str]

    @property
    def cells(self) -> list[tuple[int, str]]:
        return [(self.counts[part], self.urls[part]) for part in PARTS]


def qualifying_transitions(period: Period, until: datetime, *, as_seen: bool = False) -> QuerySet[Any]:
    """The transitions of a period with a definition in force, annotated with what became of them by `until`; `as_seen`:
    of what had been told by then."""
    told = Transition.objects.filter(recorded_at__lte=until) if as_seen else Transition.objects.all()
    handoffs = Handoff.objects.filter(transition=OuterRef("pk"), answered_at__lte=until)
    won = told.filter(lead=OuterRef("lead"), to_stage__role=StageRole.CUSTOMER, at__gte=OuterRef("at"), at__lte=until)
    transitions = told.filter(
        definition__isnull=False, lead__merged_into=None, at__gte=period.starts_at, at__lt=period.ends_at, at__lte=until
    )
    return transitions.annotate(
        is_accepted=Exists(handoffs.filter(answer=Handoff.Answer.ACCEPTED)),
        is_rejected=Exists(handoffs.filter(answer=Handoff.Answer.REJECTED)),
        is_customer=Exists(won),
    )


def transitions_behind(
    period: Period, until: datetime, definition: Definition, part: str, *, as_seen: bool = False
) -> QuerySet[Any]:
    """The transitions behind one count of a definition's yield."""
    transitions = qualifying_transitions(period, until, as_seen=as_seen).filter(definition=definition)
    return {
        "qualified": transitions,
        "accepted": transitions.filter(is_accepted=True),
        "rejected": transitions.filter(is_rejected=True),
        "customers": transitions.filter(is_customer=True),
    }[part]
