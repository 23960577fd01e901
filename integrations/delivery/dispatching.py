"""By which ways each notice goes out, decided once: a delivery for every way that its person chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from integrations.chat.models import Channel
from integrations.delivery.quiet_hours import opening
from integrations.messages.models import Delivery
from teams.models import Notice, NoticeChoice, Organization, User
from teams.notices import Way

BATCH = 500
# What nobody was told of within a day is read in the app: nobody wants the mail of a week that was lost.
STALE = timedelta(days=1)


def dispatch_all(*, at: datetime | None = None) -> int:
    """Decide on all notices, and say how many deliveries came of it. Safe to run twice."""
    at = at or now()
    if skip_stale(at=at) is None:
        return 0
    total = 0
    while (made := dispatch(at=at)) is not None:
        total += made
    return total


def skip_stale(*, at: datetime) -> int | None:
    """Send nothing of what lies too far back, or was lived before the demo was ready. None while it is being made."""
    organization = Organization.ours()
    if organization.is_demo and not organization.demo_built_at:
        return None
    known_since = max(at - STALE, organization.demo_built_at) if organization.demo_built_at else at - STALE
    return Notice.objects.undispatched().filter(created_at__lt=known_since).update(dispatched_at=at)


def dispatch(*, at: datetime) -> int | None:
    """Decide on one batch; return how many deliveries came of it, None when nothing was left to decide.

    The notices are marked in the transaction that makes their deliveries, so that each is decided on once.
    """
    with transaction.atomic():
        waiting = Notice.objects.undispatched().filter(created_at__lte=at).order_by("created_at", "pk")
        notices = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("user__team")[:BATCH])
        if not notices:
            return None
        made = list(_deliveries(notices, at))
        Delivery.objects.bulk_create(made, ignore_conflicts=True)
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(dispatched_at=at)
    return len(made)


def _deliveries(notices: Sequence[Notice], at: datetime) -> Iterator[Delivery]:
    people = {notice.user_id: notice.user for notice in notices if notice.user.is_active}
    chosen = NoticeChoice.objects.kinds_of(people.values())
    channels = Channel.objects.filter(dead_at=None)
    own = {channel.user_id: channel for channel in channels.filter(user__in=people)}
    teams = {user.team_id for user in people.values() if user.team_id}
    shared = {channel.team_id: channel for channel in channels.filter(team__in=teams).select_related("team__head")}
    openings = {user.pk: opening(user, at) for user in people.values()}
    for notice in notices:
        user = people.get(notice.user_id)
        if user is None:
            continue
        kind, due = notice.kind, openings[user.pk]
        if kind in chosen[user.pk][Way.EMAIL]:
            yield _delivery(notice, Delivery.Way.EMAIL, user.email, due)
        if user.pk in own and kind in chosen[user.pk][Way.CHAT]:
            yield _delivery(notice, Delivery.Way.CHAT, own[user.pk].host, due, own[user.pk])
        team = shared.get(user.team_id)
        if team and kind in team.kinds:
            yield _delivery(notice, Delivery.Way.TEAM, team.host, _opening_of_team(team, user, openings, at), team)


def _opening_of_team(channel: Channel, user: User, openings: dict[int, datetime], at: datetime) -> datetime:
    """A team's channel is quiet when its head is away from work, or whoever is told where it has none."""
    head = channel.team.head if channel.team else None
    somebody = head or user
    if somebody.pk not in openings:
        openings[somebody.pk] = opening(somebody, at)
    return openings[somebody.pk]


def _delivery(
    notice: Notice, way: Delivery.Way, address: str, due: datetime, channel: Channel | None = None
) -> Delivery:
    topic = f"{notice.kind} {notice.about}" if way == Delivery.Way.TEAM else ""
    return Delivery(notice=notice, way=way, address=address, channel=channel, topic=topic, due_at=due, next_try_at=due)
