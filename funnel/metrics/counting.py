"""How rows of the funnel are counted, and by what they can be cut.

By persona and quadrant a step counts under what it kept of its moment, whatever its lead is today; a deal under what
its lead's step into the opportunity stage kept.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from funnel.models.journeys import Transition
from funnel.models.stages import Stage, StageRole
from leads.metrics import OF_LEAD, text_at
from metrics.question import Own
from metrics.registry import Question
from scoring.metrics import QUADRANT

ROLES = tuple(StageRole.values)
DIMENSIONS = (*OF_LEAD, QUADRANT.name)
# Reps answer hand-offs: `sla` registers the dimension, and how it is read of a step.
WITH_REP = (*DIMENSIONS, "rep")

KEPT: dict[str, Combinable] = {"persona": text_at("persona", ""), "quadrant": F("quadrant")}
_step_keys: dict[str, Combinable] = dict(KEPT)


def register_step_key(dimension: str, key: Combinable) -> None:
    """Register how a dimension is read of a step, where it is not what the lead is today."""
    _step_keys[dimension] = key


def step_keys() -> Own:
    return _step_keys


def deal_keys(question: Question) -> Own:
    """What a row of a deal's history is cut by: the deal's owner, annotated as `rep`, and what its lead's step kept."""
    return {"rep": text_at("rep", ""), **{name: _kept_by_step(key, question) for name, key in KEPT.items()}}


def _kept_by_step(key: Combinable, question: Question) -> Combinable:
    """What the lead's last entry into the opportunity stage by then kept; where the lead was moved only later, when we
    were told, that entry; without one, the last step before the outcome."""
    steps = question.told(Transition.objects.filter(lead=OuterRef("opportunity__lead"))).annotate(kept=key)
    by_then = steps.filter(at__lte=OuterRef("at")).order_by("-at", "-pk")
    outcome = Q(to_stage__role=StageRole.CUSTOMER, at=OuterRef("at"))
    opened = Q(to_stage__role=StageRole.OPPORTUNITY)
    told_later = steps.filter(opened, at__gt=OuterRef("at")).order_by("at", "pk")
    candidates = (by_then.filter(opened), told_later, by_then.exclude(outcome))
    found = [Subquery(rows.values("kept")[:1], output_field=CharField()) for rows in candidates]
    return Coalesce(*found, Value(""), output_field=CharField())


def count_steps(steps: QuerySet[Transition], question: Question, at: str = "at") -> QuerySet[Transition, Any]:
    """Pairs of the question's key and the number of these steps with it."""
    keyed = steps.annotate(key=question.key(at, own=step_keys())).order_by().values("key").annotate(n=Count("pk"))
    return keyed.values_list("key", "n")


def stages_from(role: str) -> QuerySet[Stage]:
    """Return that stage and every later one."""
    position = Stage.objects.filter(role=role).values("position")
    return Stage.objects.filter(position__gte=Subquery(position))
