"""Opening hours, and lengths of open time, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sla.agreement.document.lines import Line, link, punctuation
from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar
from smarketing.pages import wording


def opening_hours_line() -> Line:
    calendar = Calendar.default()
    words = format_html(
        "{} {}{}",
        _("Hours are opening hours:"),
        link(describe_opening_hours(calendar.hours()), "calendar"),
        punctuation(".", "。"),
    )
    return Line("hours", words)


def describe_opening_hours(hours: OpeningHours) -> str:
    """ "Monday to Friday, 9:00–12:00 and 13:00–18:00, without holidays (Asia/Tokyo)"."""
    runs = []
    for days, windows in _runs_of_equal_days(hours):
        spans = punctuation(" and ", "、").join(
            f"{opens:%-H:%M}–{closes:%-H:%M}".replace("–0:00", "–24:00") for opens, closes in windows
        )
        runs.append(f"{_day_names(days)}{punctuation(', ', ' ')}{spans}")
    return _("%(windows)s, without holidays (%(zone)s)") % {
        "windows": punctuation("; ", "；").join(runs),
        "zone": hours.tz.key,
    }


def _runs_of_equal_days(hours: OpeningHours) -> Iterable[tuple[list[int], Sequence[tuple[object, object]]]]:
    """Successive days with the same opening windows, grouped: (weekdays, their windows)."""
    run: list[int] = []
    open_days = [day for day in range(7) if hours.windows.get(day)]
    for day in open_days:
        if run and (day != run[-1] + 1 or hours.windows[day] != hours.windows[run[-1]]):
            yield run, hours.windows[run[0]]
            run = []
        run.append(day)
    if run:
        yield run, hours.windows[run[0]]


def _day_names(days: list[int]) -> str:
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    if len(days) == 1:
        return names[days[0]]
    return _("%(first)s to %(last)s") % {"first": names[days[0]], "last": names[days[-1]]}


def format_open_time(time: timedelta) -> str:
    """ "4 opening hours", "1.5 opening hours"."""
    hours = time.total_seconds() / 3600
    return ngettext("%(n)s opening hour", "%(n)s opening hours", 1 if hours == 1 else 2) % {
        "n": wording.number(hours, 0 if hours == int(hours) else 1)
    }
