"""The score model in force, and its replacement between agreements."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from scoring.events import SCORE_MODEL_REPLACED
from scoring.models import ScoreModel
from sla.agreement.models.agreements import Agreement
from sla.agreement.outdated import notify_outdated
from sla.agreement.signing import next_day_start


def current_score_model() -> ScoreModel | None:
    """The model in force, or the one that replaces it tomorrow."""
    return ScoreModel.objects.dated().filter(replaced_at=None).first()


def may_replace_score_model(at: datetime | None = None) -> bool:
    """Whether a new score model needs no signatures: the agreement in force says so, or none was signed yet."""
    at = at or now()
    agreement = Agreement.objects.in_force(at).first()
    return agreement.score_model_may_change if agreement else not Agreement.objects.signed().exists()


def replace_score_model(model: ScoreModel, *, at: datetime | None = None) -> None:
    """Put a model into force at the start of the next company day, without a new agreement.

    Whoever proposed an agreement that waits and names another one, and its signers, are told at once. Raises `Frozen`
    where the agreement in force wants signatures for it.
    """
    at = at or now()
    with transaction.atomic():
        # Nobody signs or replaces another meanwhile.
        Agreement.objects.lock_series()
        if not may_replace_score_model(at):
            raise Agreement.Frozen
        model.freeze(at=at)
        model.put_in_force(from_at=next_day_start(at))
        SCORE_MODEL_REPLACED.emit({"score_model": model.pk, "number": model.number}, at=at)
        notify_outdated(at=at)
