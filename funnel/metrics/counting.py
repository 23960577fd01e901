"""How rows of the funnel are counted, and by what they can be cut."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Count, Model, QuerySet, Subquery

from funnel.models.stages import Stage, StageRole
from leads.metrics import OF_LEAD
from metrics.registry import Question
from scoring.metrics import QUADRANT

ROLES = tuple(StageRole.values)
DIMENSIONS = (*OF_LEAD, QUADRANT.name)
M = TypeVar("M", bound=Model)


def count_by_key(rows: QuerySet[M], question: Question, at: str = "at") -> dict[str, int]:
    """Count rows by the question's key."""
    keyed = rows.annotate(key=question.key(at)).order_by().values("key").annotate(n=Count("pk"))
    return dict(keyed.values_list("key", "n"))


def stages_from(role: str) -> QuerySet[Stage]:
    """Return that stage and every later one."""
    position = Stage.objects.filter(role=role).values("position")
    return Stage.objects.filter(position__gte=Subquery(position))
