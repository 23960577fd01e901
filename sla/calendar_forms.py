"""Opening hours as people write them: "9:00–12:00, 13:00–18:00"."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.hours import OpeningHours
from sla.models import Calendar, CalendarDay, windows_of

WINDOW = re.compile(r"^(\d{1,2})(?::?(\d{2}))?\s*(?:-|–|—|~|〜|から|to)\s*(\d{1,2})(?::?(\d{2}))?$")


def read_windows(text: str) -> list[list[str]]:
    """Return `[["09:00", "12:00"], …]` from what was typed; raises `ValidationError` naming the part."""
    windows = []
    plain = unicodedata.normalize("NFKC", text).strip()
    for part in filter(None, (part.strip() for part in re.split(r"[,;、]", plain))):
        found = WINDOW.match(part)
        try:
            opens, closes = _times(found) if found else (None, None)
        except ValueError:
            opens = closes = None
        if opens is None or closes is None:
            raise ValidationError(_("“%(part)s” is not a time from–to. Write it like 9:00–12:00.") % {"part": part})
        windows.append([opens.isoformat("minutes"), closes.isoformat("minutes")])
    return sorted(windows)


def _times(found: re.Match[str]) -> tuple[time, time]:
    opens, closes = (time(int(h) % 24 if h == "24" else int(h), int(m or 0)) for h, m in _pairs(found))
    return opens, closes


def _pairs(found: re.Match[str]) -> list[tuple[str, str | None]]:
    opens_h, opens_m, closes_h, closes_m = found.groups()
    return [(opens_h, opens_m), (closes_h, closes_m)]


def write_windows(windows: list[list[str]]) -> str:
    return ", ".join(f"{opens}–{closes}" for opens, closes in windows)


class CalendarForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Calendar
        fields = ["name", "country", "time_zone"]
        help_texts = {
            "country": gettext_lazy("Empty: the company's country."),
            "time_zone": gettext_lazy("Empty: the company's."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries = sorted(holidays.list_supported_countries())
        self.fields["country"] = forms.ChoiceField(
            label=_("Holidays of"),
            choices=[("", _("The company's country")), *((code, code) for code in countries)],
            required=False,
        )
        stored = self.instance.windows or {}
        for weekday, name in WEEKDAYS.items():
            self.fields[f"day_{weekday}"] = forms.CharField(
                label=name,
                required=False,
                initial=write_windows(stored.get(str(weekday), [])),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )

    @property
    def day_fields(self) -> list[forms.BoundField]:
        return [self[f"day_{weekday}"] for weekday in WEEKDAYS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        windows: dict[str, list[list[str]]] = {}
        for weekday in WEEKDAYS:
            try:
                found = read_windows(cleaned.get(f"day_{weekday}", ""))
                if found:
                    OpeningHours(windows_of({str(weekday): found}), frozenset(), ZoneInfo("UTC"))
                    windows[str(weekday)] = found
            except ValidationError as error:
                self.add_error(f"day_{weekday}", error)
            except ValueError:
                self.add_error(
                    f"day_{weekday}", _("The times overlap, or one ends before it begins. 0:00 ends at midnight.")
                )
        if not windows and not self.errors:
            raise ValidationError(_("A calendar needs at least one opening time: no promise could fall due in it."))
        self.instance.windows = windows
        return cleaned


class ClosedDayForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CalendarDay
        fields = ["day", "name"]
        widgets = {"day": forms.DateInput(attrs={"type": "date"})}

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if self.instance.calendar.days.filter(day=day).exists():
            raise ValidationError(_("That day is closed already."))
        return day
