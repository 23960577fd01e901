"""Two records of one person become one: one score, made anew."""

from __future__ import annotations

from datetime import datetime

from leads.models import Lead
from scoring.models import Score
from teams.models import User


def merge_scores(kept: Lead, other: Lead, *, by: User, at: datetime) -> None:
    """Keep a person's word on the quadrant: `kept`'s own, else the other's. The points are counted anew.

    Call inside a transaction that holds both leads.
    """
    scores = {score.pk: score for score in Score.objects.filter(lead__in=[kept, other])}
    mine, theirs = scores.get(kept.pk), scores.get(other.pk)
    if theirs is None:
        return
    if mine is None:
        mine = Score(
            lead=kept,
            model=theirs.model,
            fit=theirs.fit,
            interest=theirs.interest,
            machine_quadrant=theirs.machine_quadrant,
            scored_on=theirs.scored_on,
            day_began_at=theirs.day_began_at,
        )
        mine.save()
    if theirs.override and not mine.override:
        said_by = theirs.override_by or by
        mine.override_quadrant(theirs.quadrant, reason=theirs.override_reason, by=said_by, at=at)
    theirs.delete()
