"""The company's own time: days, weeks and months are counted in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, time
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


@contextmanager
def knowing(stored: str) -> Iterator[None]:
    """Do not ask for the stored zone again: one request asks for it many times. Nothing is known when it is empty."""
    token = _known.set(stored)
    try:
        yield
    finally:
        _known.reset(token)
