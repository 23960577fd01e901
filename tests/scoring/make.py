"""Score models for tests: `score_model(fit=[(criteria, 30)], interest={"demo_request": (40, 60, 30)})`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction

from leads.models import ActivityKind
from scoring.models import FitRule, InterestRule, ScoreModel

Points = Decimal | float | str | int
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_number = count(1)


def score_model(
    *,
    fit: Sequence[tuple[Mapping[str, Any], Points]] = (),
    interest: Mapping[str, tuple[Points, Points | None, Points | None]] | None = None,
    in_force_from: datetime | None = LONG_AGO,
    **fields: Any,
) -> ScoreModel:
    """A model of (criteria, points) and of kinds with (points, cap, half-life in days); in force, unless from None."""
    model = ScoreModel.objects.create(number=next(_number), **fields)
    for position, (criteria, points) in enumerate(fit):
        FitRule.objects.create(model=model, position=position, criteria=criteria, points=Decimal(str(points)))
    kinds = {kind.key: kind for kind in ActivityKind.objects.all()}
    for kind, (points, cap, half_life) in (interest or {}).items():
        InterestRule.objects.create(
            model=model,
            kind=kinds[kind],
            points=Decimal(str(points)),
            cap=None if cap is None else Decimal(str(cap)),
            half_life_days=None if half_life is None else Decimal(str(half_life)),
        )
    if in_force_from:
        with transaction.atomic():
            model.put_in_force(from_at=in_force_from)
    return ScoreModel.objects.get(pk=model.pk)
