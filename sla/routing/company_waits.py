"""A further lead of a company waits for the rep who works it, while that rep is away or has no room: until the end of
their next open day, a day at most."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta

from sla.calendars.models import Absence, Calendar
from sla.routing.models import CompanyWait
from smarketing.database.statements import Statement, given_ids
from teams.models import User

MOST = timedelta(hours=24)


UNTIL = Statement(lambda: CompanyWait.objects.filter(pk__among=given_ids("steps")).values_list("pk", "until"))


class CompanyWaits:
    """The waits of some steps that are to open a hand-off."""

    def __init__(self, steps: Collection[int], *, at: datetime) -> None:
        self.at = at
        self.until: dict[int, datetime] = dict(UNTIL.rows(steps=list(steps))) if steps else {}
        self.begun: list[CompanyWait] = []
        self._ends: dict[int, datetime] = {}

    def goes_on(self, step: int, rep: int) -> bool:
        """Whether the wait for that rep is over. The first question begins it."""
        if step not in self.until:
            self.until[step] = self._end(rep)
            self.begun.append(CompanyWait(pk=step, rep_id=rep, until=self.until[step]))
        return self.until[step] <= self.at

    def keep(self) -> None:
        """Store those that began."""
        CompanyWait.objects.bulk_create(self.begun, ignore_conflicts=True)

    def _end(self, rep: int) -> datetime:
        if rep not in self._ends:
            self._ends[rep] = end_of_wait(User.objects.get(pk=rep), at=self.at)
        return self._ends[rep]


def end_of_wait(rep: User, *, at: datetime) -> datetime:
    """The end of the rep's next open day, by their own calendar, or a day from now where that comes first."""
    latest = at + MOST
    try:
        hours = Calendar.hours_for(rep, at=at)
    except ValueError:  # It never opens.
        return latest
    tomorrow = at.astimezone(hours.tz).date() + timedelta(days=1)
    if Absence.objects.filter(user=rep, from_on__lte=tomorrow, until_on__gte=tomorrow).exists():
        return latest
    windows = hours.next_windows(datetime.combine(tomorrow, time(), hours.tz), days=1)
    return min(latest, windows[-1][1]) if windows else latest
