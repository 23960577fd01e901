"""The company's own time: days, weeks and months are counted in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.module_loading import import_string

FALLBACK = "Asia/Tokyo"
# Zones whose names PostgreSQL takes for abbreviations, without summer time: by the names of places they mean the same
# to both.
PLACES = {"CET": "Europe/Brussels", "MET": "Europe/Brussels", "EET": "Europe/Athens", "WET": "Europe/Lisbon"}
# The stored zone, where somebody has read it for all that happens inside `knowing`.
_known: ContextVar[str] = ContextVar("company zone", default="")


def company_zone() -> ZoneInfo:
    """The zone of COMPANY_TIME_ZONE when that is given, else the one stored in the settings page."""
    name = settings.COMPANY_TIME_ZONE or _known.get() or _stored_name() or FALLBACK
    return ZoneInfo(PLACES.get(name, name))


def _stored_name() -> str:
    return cast(Callable[[], str], import_string(settings.COMPANY_ZONE_SOURCE))()


def start_of_day(at: datetime) -> datetime:
    """The first moment of the company day that `at` lies in."""
    zone = company_zone()
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def day_around(at: datetime) -> tuple[datetime, datetime]:
    """The bounds, half open, of the company day that `at` lies in. It has 23 hours, or 25, when the clocks change."""
    start = start_of_day(at)
    return start, start_of_day(start + timedelta(hours=36))


def day_of(at: datetime) -> date:
    """The company day that `at` lies in."""
    return at.astimezone(company_zone()).date()


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """The bounds, half open, of a company day."""
    return day_around(datetime.combine(day, time(12), company_zone()))


def day_starting_at(at: datetime) -> tuple[datetime, datetime] | None:
    """The bounds of the company day that begins at that moment: so the day is written of a fact that is known only to
    its day. None for every other moment."""
    day = day_around(at)
    # In UTC: a midnight that comes twice or never equals no moment of another zone.
    return day if at.astimezone(UTC) == day[0].astimezone(UTC) else None


@contextmanager
def knowing(stored: str = "") -> Iterator[None]:
    """Do not ask for the stored zone again: one request asks for it many times. Nothing is known when it is empty."""
    token = _known.set(stored)
    try:
        yield
    finally:
        _known.reset(token)
