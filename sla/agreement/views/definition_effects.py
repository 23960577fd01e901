"""How many leads a definition matches, and how many it would move."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.timezone import now

from funnel.models import Definition, Stage
from funnel.qualification.qualifying import Funnel, standing
from leads.criteria import BadCriteria, counts
from leads.criteria.links import leads_who_meet


def definition_in_force(stage: Stage, *, at: datetime | None = None) -> Definition | None:
    return next((each for each in Funnel.of(at or now()).definitions if each.stage_id == stage.pk), None)


def matching_leads_url(definition: Definition) -> str:
    """The list of the leads that meet it."""
    return leads_who_meet(definition.criteria)


def count_matching(definition: Definition) -> dict[str, int] | None:
    """How many leads meet it now, and how many leads there are; None without valid criteria."""
    if definition.criteria is None:
        return None
    try:
        matches = counts(definition.criteria, at=now())
    except BadCriteria:
        return None
    return {"matching": matches[""], "total": matches["*"]}


def effect_context(definition: Definition, *, at: datetime) -> dict[str, Any]:
    """How many leads meet it, beside the definition in force, and how many it would move."""
    try:
        would_move = standing(definition, at=at).count()
    except BadCriteria:
        would_move = 0
    current = definition_in_force(definition.stage, at=at)
    return {
        "match": count_matching(definition),
        "match_url": matching_leads_url(definition),
        "match_before": count_matching(current) if current and current != definition else None,
        "match_before_url": matching_leads_url(current) if current else "",
        "would_move": would_move,
    }
