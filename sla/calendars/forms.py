"""Opening hours as people write them: "9:00–12:00, 13:00–18:00"."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dates import WEEKDAYS
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.calendars.hours import OpeningHours
from sla.calendars.models import Calendar, CalendarDay, CalendarUse, windows_of
from teams.forms import ZoneInput, countries
from teams.models import Team, User

# A closing of more than three months is a typing error.
LONGEST = timedelta(days=92)
FARTHEST = timedelta(days=3660)

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
    """When it is open, whose holidays close it, and, for any but the company's, who works by it."""

    class Meta:
        model = Calendar
        fields = ["name", "country", "time_zone"]
        help_texts = {"time_zone": gettext_lazy("Empty: the company's.")}
        widgets = {"time_zone": ZoneInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(
            label=_("Holidays of"), choices=[("", _("The company's country")), *countries()], required=False
        )
        stored = self.instance.windows or {}
        for weekday, name in WEEKDAYS.items():
            self.fields[f"day_{weekday}"] = forms.CharField(
                label=name,
                required=False,
                initial=write_windows(stored.get(str(weekday), [])),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )
        if not self.instance.is_default:
            self._ask_who()

    def _ask_who(self) -> None:
        """Everybody else goes by the company's calendar, so that one asks for nobody."""
        used = CalendarUse.objects.filter(calendar=self.instance.pk) if self.instance.pk else CalendarUse.objects.none()
        self.fields["teams"] = forms.ModelMultipleChoiceField(
            Team.objects.all(),
            label=_("Teams"),
            required=False,
            initial=[use.team_id for use in used if use.team_id],
            widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        )
        self.fields["people"] = forms.ModelMultipleChoiceField(
            User.objects.active().order_by("family_name", "given_name", "email"),
            label=_("People"),
            required=False,
            initial=[use.user_id for use in used if use.user_id],
            help_text=_("A person's own calendar comes before that of the team."),
            widget=forms.SelectMultiple(attrs={"size": 6}),
        )

    def keep(self) -> Calendar:
        """Save it, and who uses it; whoever used another until now leaves that one."""
        with transaction.atomic():
            # Two who give one person two calendars come one after the other.
            Calendar.objects.select_for_update().get(is_default=True)
            calendar: Calendar = self.save()
            if calendar.is_default:
                return calendar
            teams, people = self.cleaned_data["teams"], self.cleaned_data["people"]
            calendar.uses.all().delete()
            CalendarUse.objects.filter(team__in=teams).delete()
            CalendarUse.objects.filter(user__in=people).delete()
            CalendarUse.objects.bulk_create(
                [CalendarUse(calendar=calendar, team=team) for team in teams]
                + [CalendarUse(calendar=calendar, user=person) for person in people]
            )
        return calendar

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


class ClosedDayForm(forms.Form):
    """One closed day, or all from one through another, in one step."""

    day = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(
        label=gettext_lazy("Through"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: that one day."),
    )
    name = forms.CharField(label=gettext_lazy("What for"), max_length=80, required=False)

    def __init__(self, *args: Any, calendar: Calendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        day = cleaned.get("day")
        if day is None or "last_day" in self.errors:
            return cleaned
        last: date = cleaned["last_day"] or day
        if abs(day - now().date()) > FARTHEST:
            self.add_error("day", _("That is too far away."))
        elif last < day:
            self.add_error("last_day", _("The last day is not before the first."))
        elif last - day > LONGEST:
            self.add_error("last_day", _("Three months at most are closed in one step."))
        else:
            closed = set(self.calendar.days.filter(day__range=(day, last)).values_list("day", flat=True))
            cleaned["days"] = [each for each in days_through(day, last) if each not in closed]
            if not cleaned["days"]:
                self.add_error("day", _("That day is closed already."))
        return cleaned

    def close(self) -> int:
        """Close what is not closed yet, and say how many days."""
        days = [
            CalendarDay(calendar=self.calendar, day=day, name=self.cleaned_data["name"])
            for day in self.cleaned_data["days"]
        ]
        CalendarDay.objects.bulk_create(days, ignore_conflicts=True)
        return len(days)


def days_through(first: date, last: date) -> list[date]:
    """Every day from the first through the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
