"""What happens to score models, for programs outside."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from history.events import Event, register


class ScoreModelReplaced(TypedDict):
    score_model: int
    number: int


SCORE_MODEL_REPLACED = register(
    Event("score_model.replaced", ScoreModelReplaced, _("A score model was published between two agreements."))
)
