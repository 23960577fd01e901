"""Two records of one person become one: one way through the funnel."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from funnel.events import JOURNEY_MOVED
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunities import Opportunity
from leads.models import Lead
from teams.models import User

MERGED = gettext_noop("Two records of one person were merged")


def journey_that_goes_on(one: Journey | None, other: Journey | None) -> Journey | None:
    """The journey that goes on: an open one before a closed one, then the one that came farther, then the later."""
    found = [journey for journey in (one, other) if journey is not None]
    return max(found, key=lambda each: (each.closed_at is None, each.stage.position, each.entered_at), default=None)


def merge_journeys(kept: Lead, other: Lead, *, by: User | None, at: datetime) -> Journey | None:
    """Put both ledgers under `kept`, by their moments, and stand where the farther journey stands.

    Call inside a transaction that holds both leads. No step is lost or invented; when the last step of both ledgers
    is not where the lead stands now, one row says that a merge took it there.
    """
    journeys = {
        journey.pk: journey
        for journey in Journey.objects.select_for_update(of=["self"])
        .select_related("stage")
        .filter(lead__in=[kept, other])
    }
    goes_on = journey_that_goes_on(journeys.get(kept.pk), journeys.get(other.pk))
    Transition.objects.filter(lead=other).update(lead=kept)
    Opportunity.objects.filter(lead=other).update(lead=kept)
    if goes_on is None:
        return None
    news = [journey.news_at for journey in journeys.values() if journey.news_at]
    Journey.objects.filter(lead=other).delete()
    journey, _is_new = Journey.objects.update_or_create(
        lead=kept,
        defaults={
            "stage": goes_on.stage,
            "entered_at": goes_on.entered_at,
            "closed_at": goes_on.closed_at,
            "closed_as": goes_on.closed_as,
            "recycled_at": goes_on.recycled_at,
            "wake_at": goes_on.wake_at,
            "news_at": max(news, default=None),
            "news_count_from": goes_on.news_count_from,
        },
    )
    last = Transition.objects.filter(lead=kept).order_by("at", "pk").last()
    stands_at = None if journey.closed_at else journey.stage_id
    if last is not None and last.to_stage_id != stands_at:
        step = Transition.objects.create(
            lead=kept,
            from_stage_id=last.to_stage_id,
            to_stage_id=stands_at,
            at=at,
            by=by,
            how=Transition.How.PERSON,
            because=MERGED,
        )
        JOURNEY_MOVED.emit(
            {"transition": step.pk, "lead": kept.pk, "from": step.from_stage_id, "to": step.to_stage_id}, at=at
        )
    return journey
