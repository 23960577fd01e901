"""What is due goes out, each once: locked while it is sent, marked as sent before the next one is taken.

Whoever is killed between the two doubles at most the one that was in flight, and an e-mail's Message-ID tells that it
is the same. Two workers never take the same: each skips what the other has locked.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from integrations.chat import sending as chat
from integrations.delivery.quiet_hours import opening
from integrations.mail import emails as letters
from integrations.messages.error_text import Failed
from integrations.messages.models import WAITS, Delivery
from integrations.notices import UNREACHABLE, UnreachableParams
from teams.models import Notice, Role, User
from teams.notices import name_params

# How long one run begins to send: the next one goes on, and a worker is free for other work in between.
LONGEST = timedelta(seconds=12)
log = logging.getLogger(__name__)


def send_due(*, at: datetime | None = None, longest: timedelta = LONGEST) -> int:
    """Send what is due, and say how many went out. Safe to run twice, and by several at once."""
    end = time.monotonic() + longest.total_seconds()
    sent = 0
    # What could not be reached in this run: trying it again for each message would hold up the others.
    out_of_reach = Q(pk=None)
    with letters.Post() as post:
        while time.monotonic() < end:
            moment = at or now()
            outcome = send_next(post, out_of_reach, at=moment)
            if outcome is None:
                break
            sent += outcome is True
            if isinstance(outcome, Q):
                out_of_reach |= outcome
    return sent


def send_next(post: letters.Post, out_of_reach: Q, *, at: datetime) -> bool | Q | None:
    """Send the next one that is due. Say whether it went out, or what is out of reach, or None when nothing is due."""
    with transaction.atomic():
        due = Delivery.objects.due(at).exclude(out_of_reach).order_by("next_try_at", "pk")
        locked = due.select_for_update(skip_locked=True, of=("self",))
        delivery = locked.select_related("notice__user", "channel__user", "channel__team__head").first()
        if delivery is None:
            return None
        try:
            send(delivery, post)
        except Failed as problem:
            note_failure(delivery, problem, at=at)
            return _reach_of(delivery) if problem.of_all else False
        delivery.sent(at=at)
        if delivery.channel:
            delivery.channel.arrived()
        else:
            delivery.notice.user.mail_arrived()
    return True


def send(delivery: Delivery, post: letters.Post) -> None:
    """Send one by its way, to where it leads now. Raises `Failed`."""
    user, channel = delivery.notice.user, delivery.channel
    if not user.is_active:
        raise Gone(gettext_noop("The person no longer works here."))
    try:
        if delivery.way == Delivery.Way.EMAIL:
            delivery.address = user.email
            post.send(letters.build_email(delivery))
        elif channel is None or channel.dead_at:
            raise Gone(gettext_noop("The channel is gone."))
        else:
            delivery.address = channel.host
            chat.post_notice(delivery, channel)
    except Failed:
        raise
    except Exception as problem:  # One that cannot be written must not stand before all the others.
        log.exception("Delivery %s could not be written.", delivery.pk)
        raise Failed(f"{type(problem).__name__}: {problem}") from problem


class Gone(Failed):
    """Nobody is there to be told any more, which is no fault of an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, for_good=True)


def note_failure(delivery: Delivery, problem: Failed, *, at: datetime) -> None:
    """Write down what happened, when it is tried again, and what it says of the address."""
    reason = str(problem)
    again = None if problem.for_good else next_try(delivery, problem, at=at)
    delivery.failed(reason, at=at, next_try_at=again)
    if isinstance(problem, Gone):
        return
    if delivery.channel:
        delivery.channel.failed(reason, for_good=problem.for_good, at=at)
    elif not problem.of_all and again is None:
        _unreachable(delivery.notice.user, reason, at=at)


def next_try(delivery: Delivery, problem: Failed, *, at: datetime) -> datetime | None:
    """Return when it is tried again, in the person's opening hours; None when it was tried often enough."""
    if delivery.tries >= len(WAITS):
        return None
    return opening(delivery.notice.user, at + max(WAITS[delivery.tries], problem.wait or timedelta()))


def _unreachable(user: User, reason: str, *, at: datetime) -> None:
    """Tell the administrators, once, that somebody's address takes no mail."""
    if user.mail_failed(reason, at=at):
        administrators = User.objects.active().with_role(Role.ADMINISTRATOR)
        params: UnreachableParams = {"user": user.pk, "person": name_params(user), "reason": reason}
        Notice.objects.notify(administrators, UNREACHABLE, params, about=f"user {user.pk} {at.isoformat()}", at=at)


def _reach_of(delivery: Delivery) -> Q:
    return Q(channel=delivery.channel_id) if delivery.channel_id else Q(way=Delivery.Way.EMAIL)
