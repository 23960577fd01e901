"""After a restored copy was confirmed: what fell due while it stood still is told each person by one message."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from history import leases
from history.models import Restoration
from integrations.delivery.dispatching import dispatch_all
from integrations.messages.models import Delivery
from sla.flow.catching_up import catch_up

LEASE = "catching up"


def sum_up(*, at: datetime | None = None) -> bool:
    """Catch up, and make the summaries, where this was not done yet. Return whether messages may go out.

    Safe to run twice, and by several at once: all others wait until what fell due is told.
    """
    restoration = Restoration.objects.untold().first()
    if restoration is None:
        return True
    if restoration.confirmed_at is None:
        return False
    try:
        with leases.hold(LEASE) as lease:
            catch_up(step=lease.step)
            dispatch_all(at=at, step=lease.step, summary=restoration.confirmed_at)
            with lease.step():
                _tell(restoration, at=at or now())
    except leases.Taken:
        return False
    return True


def _tell(restoration: Restoration, *, at: datetime) -> None:
    """What waited already when the backup was made goes with the rest."""
    with transaction.atomic():
        Delivery.objects.waiting().update(is_summary=True, gathers_until=restoration.confirmed_at)
        Restoration.objects.untold().filter(pk=restoration.pk).update(told_at=at)
