"""What an administrator is told when the machine stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from smarketing.database import heartbeats
from smarketing.health import TICK
from smarketing.models import Heartbeat


@dataclass(frozen=True)
class Silence:
    """The tick does not live, so nothing that is due by time is done. `since`: its last heartbeat, if there was one."""

    since: datetime | None


def tick_silence() -> Silence | None:
    with connection.cursor() as cursor:
        if heartbeats.is_alive(cursor, TICK):
            return None
    return Silence(Heartbeat.objects.filter(name=TICK).values_list("at", flat=True).first())
