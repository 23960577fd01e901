"""Many notices of one kind within ten minutes: the first five go out at once, the others as one message with a list.

Ten minutes begin with the first, and after them the next one begins ten minutes of its own. Counted is what goes to one
person, or into one chat, by one way; in the app each notice stands for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from integrations.messages.models import Delivery

AT_ONCE = 5
TOGETHER = timedelta(minutes=10)
# By way, person or channel, and kind of notice.
Target = tuple[str, int, str]


@dataclass
class Stretch:
    """Ten minutes of one target, and how many notices they have had."""

    first: datetime
    count: int = 0

    @property
    def until(self) -> datetime:
        return self.first + TOGETHER


def gather(deliveries: Sequence[Delivery]) -> None:
    """Set `gathers_until` of those, not stored yet, that wait to go as one message. One query."""
    if not deliveries:
        return
    told = {(each.channel_id, each.topic) for each in deliveries if each.topic}
    stretches: dict[Target, Stretch] = {}
    for earlier in _earlier(deliveries):
        _count(stretches, earlier)
        told.discard((earlier.channel_id, earlier.topic))
    for each in sorted(deliveries, key=lambda each: each.notice.created_at):
        if each.topic:
            # What a team's chat was told before, or twice now, is not told again.
            if (each.channel_id, each.topic) not in told:
                continue
            told.remove((each.channel_id, each.topic))
        stretch = _count(stretches, each)
        if stretch.count > AT_ONCE:
            each.gathers_until = stretch.until


def _earlier(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """What went to the same people and chats in the stretch before and in the one that may go on."""
    since = min(each.notice.created_at for each in deliveries) - 2 * TOGETHER
    people = {each.notice.user_id for each in deliveries}
    channels = {each.channel_id for each in deliveries if each.channel_id}
    same = Delivery.objects.filter(Q(notice__user__in=people) | Q(channel__in=channels), notice__created_at__gte=since)
    return list(same.select_related("notice").order_by("notice__created_at", "pk"))


def _count(stretches: dict[Target, Stretch], delivery: Delivery) -> Stretch:
    """The stretch that the delivery lies in, which it begins where the one before is over."""
    target = (delivery.way, delivery.channel_id or delivery.notice.user_id, delivery.notice.kind)
    stretch = stretches.get(target)
    if delivery.gathers_until and (stretch is None or stretch.until != delivery.gathers_until):
        stretch = Stretch(delivery.gathers_until - TOGETHER, AT_ONCE)
    elif stretch is None or delivery.notice.created_at >= stretch.until:
        stretch = Stretch(delivery.notice.created_at)
    stretch.count += 1
    stretches[target] = stretch
    return stretch
