"""The company's own time: days, weeks and months are counted in it."""

from collections.abc import Callable
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.module_loading import import_string

FALLBACK = "Asia/Tokyo"


def company_zone() -> ZoneInfo:
    """The zone of COMPANY_TIME_ZONE when that is given, else the one stored in the settings page."""
    if settings.COMPANY_TIME_ZONE:
        return ZoneInfo(settings.COMPANY_TIME_ZONE)
    stored = cast(Callable[[], str], import_string(settings.COMPANY_ZONE_SOURCE))()
    return ZoneInfo(stored or FALLBACK)
