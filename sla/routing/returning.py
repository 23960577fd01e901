"""Who came back from an absence a short while ago: they do not catch up on what the others were offered meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet

from sla.calendars.hours import OpeningHours
from sla.calendars.models import Absence, calendars_by_user
from teams.models import Team

DAY = timedelta(days=1)
# From the first open day back on.
DAYS = 7
# No calendar is closed for longer between an absence and the first open day.
MOST_CLOSED = 92


def returned_members(team: Team, *, at: datetime) -> set[int]:
    """The ids of the members of a team whose first open day since an absence is still to come, or began within the
    last seven days, each by their own calendar. One query where nobody was away lately."""
    return members_of(absences_over(Absence.objects.with_today(at), team.pk, first_day(at)), at=at)


def first_day(at: datetime) -> date:
    """An absence that was over before that day brings nobody back."""
    return at.date() - (DAYS + MOST_CLOSED) * DAY


def absences_over(absences: QuerySet[Any], team: Any, since: Any) -> QuerySet[Any]:
    """Of absences with `today`, those of a team's members that are over, since that day."""
    return absences.filter(user__team=team, until_on__lt=F("today"), until_on__gte=since).select_related("user")


def members_of(absences: Iterable[Any], *, at: datetime) -> set[int]:
    """Whom these absences, which are over, make one who came back."""
    absences = list(absences)
    if not absences:
        return set()
    calendars = calendars_by_user({absence.user for absence in absences})
    hours = {calendar.pk: calendar.hours(at=at) for calendar in {*calendars.values()}}
    return {
        absence.user_id
        for absence in absences
        if absence.today < _first_open_day(hours[calendars[absence.user_id].pk], absence.until_on + DAY) + DAYS * DAY
    }


def _first_open_day(hours: OpeningHours, day: date) -> date:
    days = (day + n * DAY for n in range(MOST_CLOSED))
    return next((each for each in days if hours.open_days(each, each + DAY)), day)
