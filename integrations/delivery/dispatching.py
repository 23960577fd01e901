"""By which ways each notice goes out, decided once: a delivery for every way that its person chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.timezone import now

from history.leases import Step
from integrations.chat.models import Channel
from integrations.delivery.gathering import gather
from integrations.delivery.quiet_hours import QuietHours
from integrations.messages.models import Delivery
from integrations.notices import notify_failed_notices
from smarketing.database.isolating import isolate
from smarketing.database.locks import Lock
from teams.models import Notice, NoticeChoice, Organization, User
from teams.notices import Way

BATCH = 500
# What nobody was told of within a day is read in the app: nobody wants the mail of a week that was lost.
STALE = timedelta(days=1)


def dispatch_all(
    *, at: datetime | None = None, step: Step = transaction.atomic, summary: datetime | None = None
) -> int:
    """Decide on all notices, and say how many deliveries came of it. Safe to run twice.

    With `summary`, each person is told of all of them by one message, which that moment names.
    """
    with step():
        if skip_stale(at=at or now()) is None:
            return 0
    total = 0
    while (made := dispatch(at=at, step=step, summary=summary)) is not None:
        total += made
    return total


def skip_stale(*, at: datetime) -> int | None:
    """Send nothing of what lies too far back, or was lived before the demo was ready. None while it is being made."""
    organization = Organization.ours()
    if organization.is_demo_in_the_making:
        return None
    known_since = max(at - STALE, organization.demo_built_at) if organization.demo_built_at else at - STALE
    return Notice.objects.undispatched().filter(created_at__lt=known_since).update(dispatched_at=at)


def dispatch(
    *, at: datetime | None = None, step: Step = transaction.atomic, summary: datetime | None = None
) -> int | None:
    """Decide on one batch; return how many deliveries came of it, None when nothing was left to decide.

    The notices are marked in the transaction that makes their deliveries, so that each is decided on once.
    """
    with step():
        Lock.DISPATCHING.acquire()
        moment = at or now()
        waiting = Notice.objects.undispatched().filter(created_at__lte=moment).order_by("created_at", "pk")
        notices = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("user__team")[:BATCH])
        if not notices:
            return None
        made: list[Delivery] = []
        failed = isolate(notices, partial(_deliver, made=made, at=moment, summary=summary))
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(dispatched_at=moment)
        notify_failed_notices(failed, at=moment)
    return len(made)


def _deliver(notices: Sequence[Notice], *, made: list[Delivery], at: datetime, summary: datetime | None) -> None:
    """Store the deliveries of some notices, and add them to `made`. One that breaks this stands in the app alone."""
    deliveries = _deliveries(notices, at, summary)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    made += deliveries


def _deliveries(notices: Sequence[Notice], at: datetime, summary: datetime | None) -> list[Delivery]:
    """What goes out, when the person may be disturbed; too many at once wait and go as one message."""
    made = list(_by_way(notices, at))
    if summary is None:
        gather([delivery for delivery, _quiet in made])
    for delivery, quiet in made:
        if summary is not None:
            delivery.is_summary, delivery.gathers_until = True, summary
        delivery.due_at = delivery.next_try_at = quiet.opening(max(at, delivery.gathers_until or at))
    return [delivery for delivery, _quiet in made]


def _by_way(notices: Sequence[Notice], at: datetime) -> Iterator[tuple[Delivery, QuietHours]]:
    people = {notice.user_id: notice.user for notice in notices if notice.user.is_active}
    chosen = NoticeChoice.objects.kinds_of(people.values())
    channels = Channel.objects.filter(dead_at=None)
    own = {channel.user_id: channel for channel in channels.filter(user__in=people)}
    teams = {user.team_id for user in people.values() if user.team_id}
    shared = {channel.team_id: channel for channel in channels.filter(team__in=teams).select_related("team__head")}
    quiet_hours = {user.pk: QuietHours.of(user, at) for user in people.values()}
    for notice in notices:
        user = people.get(notice.user_id)
        if user is None:
            continue
        kind, quiet = notice.kind, quiet_hours[user.pk]
        if kind in chosen[user.pk][Way.EMAIL]:
            yield _delivery(notice, Delivery.Way.EMAIL, user.email), quiet
        if user.pk in own and kind in chosen[user.pk][Way.CHAT]:
            yield _delivery(notice, Delivery.Way.CHAT, own[user.pk].host, own[user.pk]), quiet
        team = shared.get(user.team_id)
        if team and kind in team.kinds:
            yield _delivery(notice, Delivery.Way.TEAM, team.host, team), _quiet_hours_of(team, user, quiet_hours, at)


def _quiet_hours_of(channel: Channel, user: User, quiet_hours: dict[int, QuietHours], at: datetime) -> QuietHours:
    """A team's channel is quiet when its head is away from work, or whoever is told where it has none."""
    head = channel.team.head if channel.team else None
    somebody = head or user
    if somebody.pk not in quiet_hours:
        quiet_hours[somebody.pk] = QuietHours.of(somebody, at)
    return quiet_hours[somebody.pk]


def _delivery(notice: Notice, way: Delivery.Way, address: str, channel: Channel | None = None) -> Delivery:
    topic = f"{notice.kind} {notice.about}" if way == Delivery.Way.TEAM else ""
    return Delivery(notice=notice, way=way, address=address, channel=channel, topic=topic)
