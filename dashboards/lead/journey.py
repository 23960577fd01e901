"""The stages of the funnel as one lead went through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from funnel.models import Definition, Journey, Stage, Transition


@dataclass(frozen=True)
class StageVisit:
    """One stage, and when and how often one lead entered it."""

    stage: Stage
    # "past", "here" or "" for a stage not reached.
    state: str
    # The day alone, where nothing else is known.
    entered_at: date | None
    times: int
    definition: Definition | None


def stage_visits(journey: Journey | None, steps: Sequence[Transition]) -> list[StageVisit]:
    """Every stage with the last time the lead entered it; a skipped stage has no entry."""
    entries: dict[int, list[Transition]] = {}
    for step in steps:
        if step.to_stage_id is not None:
            entries.setdefault(step.to_stage_id, []).append(step)
    visits = []
    for stage in Stage.objects.known():
        entered = entries.get(stage.pk, [])
        is_here = journey is not None and journey.stage_id == stage.pk
        state = "here" if is_here else "past" if entered else ""
        last = entered[-1] if entered else None
        entered_at = (last.day or last.at) if last else None
        definition = last.definition if last and is_here else None
        visits.append(StageVisit(stage, state, entered_at, len(entered), definition))
    return visits
