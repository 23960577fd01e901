"""Quiet hours: what is sent to somebody waits until their opening hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sla.calendars.hours import OpeningHours
from sla.models import Absence, Calendar
from teams.models import User

MICROSECOND = timedelta(microseconds=1)
# So far we look for days on which somebody is away.
AHEAD = timedelta(days=400)


def opening(user: User, at: datetime) -> datetime:
    """Return the first moment, from `at` on, at which `user` may be disturbed."""
    return QuietHours.of(user, at).opening(at)


@dataclass(frozen=True)
class QuietHours:
    """When one person may be disturbed: always, or while their calendar is open and they are not away."""

    hours: OpeningHours | None

    @classmethod
    def of(cls, user: User, at: datetime) -> QuietHours:
        """Those of a person, with the absences from that moment on. Two queries."""
        try:
            return cls(_hours(user, at) if user.quiet_hours else None)
        except ValueError:
            return cls(None)

    def opening(self, at: datetime) -> datetime:
        """Return the first moment from `at` on at which the person may be disturbed."""
        try:
            return opening_of(self.hours, at) if self.hours else at
        except ValueError:  # No calendar opens for them within years: better now than never.
            return at


def opening_of(hours: OpeningHours, at: datetime) -> datetime:
    """Return `at` when it is open then, else when it opens. Raises `ValueError` where it never does."""
    # The first open microsecond passes one microsecond after the opening, whatever the clocks did meanwhile.
    return (hours.deadline(at, MICROSECOND) - MICROSECOND).astimezone(at.tzinfo)


def _hours(user: User, at: datetime) -> OpeningHours:
    hours = Calendar.for_user(user).hours(at=at)
    away = _days_away(user, at.astimezone(hours.tz).date())
    return replace(hours, holidays=hours.holidays | away) if away else hours


def _days_away(user: User, today: date) -> frozenset[date]:
    spans = Absence.objects.filter(user=user, until_on__gte=today).values_list("from_on", "until_on")
    until = today + AHEAD
    return frozenset(
        day + timedelta(days=n)
        for begins, ends in spans
        for day in [max(begins, today)]
        for n in range((min(ends, until) - day).days + 1)
    )
