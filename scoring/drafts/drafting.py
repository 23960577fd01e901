"""How a score model changes: a draft begins as a copy of the one that counts, and is edited until it is published."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from scoring.models import FitRule, InterestRule, ScoreModel
from teams.models import User


def current_model(at: datetime | None = None) -> ScoreModel | None:
    """The model that counts."""
    return ScoreModel.objects.in_force(at).first()


def next_model(at: datetime | None = None) -> ScoreModel | None:
    """The model that will count from a day that is set already."""
    at = at or now()
    return ScoreModel.objects.filter(in_force_from__gt=at, replaced_at=None).order_by("in_force_from").first()


def get_draft() -> ScoreModel | None:
    return ScoreModel.objects.drafts().first()


def begin_draft(*, by: User | None = None, at: datetime | None = None) -> ScoreModel:
    """Return the draft, made as a copy of the newest published model where there is none."""
    at = at or now()
    with transaction.atomic():
        models = ScoreModel.objects.lock_series()
        if draft := models.drafts().first():
            return draft
        source = next_model(at) or current_model(at) or models.newest()
        draft = models.create(number=models.next_number(), created_by=by, created_at=at)
        if source is not None:
            copy_rules(source, draft)
        return draft


def copy_rules(source: ScoreModel, draft: ScoreModel) -> None:
    """Let the draft say what the source says."""
    draft.fit_threshold, draft.interest_threshold = source.fit_threshold, source.interest_threshold
    draft.save(update_fields=["fit_threshold", "interest_threshold"])
    FitRule.objects.bulk_create(
        FitRule(model=draft, name=rule.name, position=rule.position, criteria=rule.criteria, points=rule.points)
        for rule in source.fit_rules.all()
    )
    InterestRule.objects.bulk_create(
        InterestRule(
            model=draft, kind_id=rule.kind_id, points=rule.points, cap=rule.cap, half_life_days=rule.half_life_days
        )
        for rule in source.interest_rules.all()
    )
