"""What every part of the demo's story shares: its people, its clock, and what is still to happen."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count

from dashboards.demo.cast import DOMAIN
from dashboards.demo.market import Prospect
from smarketing.company import company_zone
from teams.models import User

Act = Callable[[datetime], None]


@dataclass(order=True)
class _Due:
    at: datetime
    n: int
    act: Act = field(compare=False)


class Simulation:
    """Some days of a company, and the acts that are still to come, each at its moment."""

    def __init__(self, end: datetime, *, days: int, seed: int) -> None:
        self.zone = company_zone()
        self.end = end
        self.start = datetime.combine(self.day(end) - timedelta(days=days), time(), self.zone)
        self.draw = random.Random(seed)  # nosec B311 # a company, not a secret
        self.users = {user.email.split("@")[0]: user for user in User.objects.filter(email__endswith=f"@{DOMAIN}")}
        # By the id of the lead that each became.
        self.prospects: dict[int, Prospect] = {}
        self._due: list[_Due] = []
        self._tick = count()

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def later(self, at: datetime, act: Act) -> None:
        heapq.heappush(self._due, _Due(at, next(self._tick), act))

    def next_due(self, until: datetime) -> tuple[datetime, Act] | None:
        """Take the earliest act that comes until then; None when there is none."""
        if not self._due or self._due[0].at > until:
            return None
        due = heapq.heappop(self._due)
        return due.at, due.act
