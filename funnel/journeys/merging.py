"""Two records of one person become one: one way through the funnel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from funnel.events import JOURNEY_MOVED
from funnel.models.journeys import Journey, Transition
from funnel.models.kept import kept_of
from history.subjects import move_rows
from leads.models import Lead
from teams.models import User

MERGED = gettext_noop("Two records of one person were merged")


def journey_that_goes_on(one: Journey | None, other: Journey | None) -> Journey | None:
    """The journey that goes on: an open one before a closed one, then the one that came farther, then the later."""
    found = [journey for journey in (one, other) if journey is not None]
    return max(found, key=lambda each: (each.closed_at is None, each.stage.position, each.entered_at), default=None)


def _sent_back(goes_on: Journey, journeys: Iterable[Journey]) -> dict[str, Any]:
    """Whoever was sent back stays so, whichever record it stands in: the later of both, unless the merged lead stands
    there already or farther."""
    held = [
        each
        for each in journeys
        if each.sent_back_at and each.sent_back_from and goes_on.stage.position < each.sent_back_from.position
    ]
    last = max(held, key=lambda each: each.sent_back_at or each.entered_at, default=None)
    return {
        "sent_back_from": last.sent_back_from if last else None,
        "sent_back_at": last.sent_back_at if last else None,
    }


def merge_journeys(kept: Lead, other: Lead, *, by: User | None, at: datetime) -> Lead | None:
    """Put both ledgers under `kept`, by their moments, and stand where the farther journey stands.

    Call inside a transaction that holds both leads. Returns the lead whose journey goes on, if any. No step is lost or
    invented; when the last step of both ledgers is not where the lead stands now, one row says that a merge took it
    there.
    """
    journeys = {
        journey.pk: journey
        for journey in Journey.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[kept.pk, other.pk])
        .order_by("pk")
    }
    goes_on = journey_that_goes_on(journeys.get(kept.pk), journeys.get(other.pk))
    move_rows("funnel", of_lead=other.pk, to_lead=kept.pk)
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
            **_sent_back(goes_on, journeys.values()),
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
            **kept_of(kept.pk),
        )
        JOURNEY_MOVED.emit(
            {"transition": step.pk, "lead": kept.pk, "from": step.from_stage_id, "to": step.to_stage_id}, at=at
        )
    return kept if goes_on.pk == kept.pk else other
