"""The company's own time: days, weeks and months are counted in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.module_loading import import_string

FALLBACK = "Asia/Tokyo"
# The stored zone, where somebody has read it for all that happens inside `knowing`.
_known: ContextVar[str] = ContextVar("company zone", default="")


def company_zone() -> ZoneInfo:
    """The zone of COMPANY_TIME_ZONE when that is given, else the one stored in the settings page."""
    if settings.COMPANY_TIME_ZONE:
        return ZoneInfo(settings.COMPANY_TIME_ZONE)
    if known := _known.get():
        return ZoneInfo(known)
    stored = cast(Callable[[], str], import_string(settings.COMPANY_ZONE_SOURCE))()
    return ZoneInfo(stored or FALLBACK)


def start_of_day(at: datetime) -> datetime:
    """The first moment of the company day that `at` lies in."""
    zone = company_zone()
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def day_around(at: datetime) -> tuple[datetime, datetime]:
    """The bounds, half open, of the company day that `at` lies in. It has 23 hours, or 25, when the clocks change."""
    start = start_of_day(at)
    return start, start_of_day(start + timedelta(hours=36))


def day_starting_at(at: datetime) -> tuple[datetime, datetime] | None:
    """The bounds of the company day that begins at that moment: so the day is written of a fact that is known only to
    its day. None for every other moment."""
    day = day_around(at)
    return day if at == day[0] else None


@contextmanager
def knowing(stored: str = "") -> Iterator[None]:
    """Do not ask for the stored zone again: one request asks for it many times. Nothing is known when it is empty."""
    token = _known.set(stored)
    try:
        yield
    finally:
        _known.reset(token)
