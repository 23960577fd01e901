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
from sla.calendars.models import Calendar, CalendarDay, CalendarUse, format_windows, read_stored_windows
from teams.models import Team, User
from teams.people.forms import ZoneInput, countries

# A closing of more than three months is a typing error.
MAX_CLOSING = timedelta(days=92)
MAX_DISTANCE = timedelta(days=3660)

WINDOW = re.compile(r"^(\d{1,2})(?::?(\d{2}))?\s*(?:-|–|—|~|〜|から|to)\s*(\d{1,2})(?::?(\d{2}))?$")


def parse_windows(text: str) -> list[list[str]]:
    """Parse "9:00–12:00, 13:00–18:00" to `[["09:00", "12:00"], …]`. Raises `ValidationError` naming the part."""
    windows = []
    plain = unicodedata.normalize("NFKC", text).strip()
    for part in filter(None, (part.strip() for part in re.split(r"[,;、]", plain))):
        found = WINDOW.match(part)
        try:
            opens, closes = _parse_times(found) if found else (None, None)
        except ValueError:
            opens = closes = None
        if opens is None or closes is None:
            raise ValidationError(_("“%(part)s” is not a time from–to. Write it like 9:00–12:00.") % {"part": part})
        windows.append([opens.isoformat("minutes"), closes.isoformat("minutes")])
    return sorted(windows)


def _parse_times(found: re.Match[str]) -> tuple[time, time]:
    opens_h, opens_m, closes_h, closes_m = found.groups()
    return _parse_time(opens_h, opens_m), _parse_time(closes_h, closes_m)


def _parse_time(hours: str, minutes: str | None) -> time:
    return time(0 if hours == "24" else int(hours), int(minutes or 0))


class CalendarForm(forms.ModelForm):  # type: ignore[type-arg]
    """The opening hours and holidays of a calendar and, unless it is the company's, who uses it."""

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
                initial=format_windows(stored.get(str(weekday), [])),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )
        if not self.instance.is_default:
            self._add_user_fields()

    def _add_user_fields(self) -> None:
        """Add the fields for the teams and people that use it. Everybody else uses the company's."""
        used = CalendarUse.objects.filter(calendar=self.instance.pk) if self.instance.pk else CalendarUse.objects.none()
        self.fields["teams"] = forms.ModelMultipleChoiceField(
            Team.objects.all(),
            label=_("Teams"),
            required=False,
            initial=[use.team_id for use in used if use.team_id],
            widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        )
        self.fields["teams"].choices = [(team.pk, str(team)) for team in Team.objects.known()]  # type: ignore[attr-defined]
        self.fields["people"] = forms.ModelMultipleChoiceField(
            User.objects.active().order_by("family_name", "given_name", "email"),
            label=_("People"),
            required=False,
            initial=[use.user_id for use in used if use.user_id],
            help_text=_("A person's own calendar comes before that of the team."),
            widget=forms.SelectMultiple(attrs={"size": 6}),
        )

    def save_with_users(self) -> Calendar:
        """Save the calendar and who uses it; they no longer use another."""
        with transaction.atomic():
            # One lock for all calendars: nobody may be given two at once.
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
                found = parse_windows(cleaned.get(f"day_{weekday}", ""))
                if found:
                    OpeningHours(read_stored_windows({str(weekday): found}), frozenset(), ZoneInfo("UTC"))
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
    """Close one day, or all from one through another."""

    day = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(
        label=gettext_lazy("Through"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: that one day."),
    )
    closed_from = forms.TimeField(
        label=gettext_lazy("Closed from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    closed_until = forms.TimeField(
        label=gettext_lazy("Closed until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("Both empty: the whole day."),
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
        if abs(day - now().date()) > MAX_DISTANCE:
            self.add_error("day", _("That is too far away."))
        elif last < day:
            self.add_error("last_day", _("The last day is not before the first."))
        elif last - day > MAX_CLOSING:
            self.add_error("last_day", _("Three months at most are closed in one step."))
        else:
            closed = set(self.calendar.days.filter(day__range=(day, last)).values_list("day", flat=True))
            cleaned["days"] = [each for each in days_between(day, last) if each not in closed]
            if not cleaned["days"]:
                self.add_error("day", _("That day is closed already."))
        self._clean_times(cleaned)
        return cleaned

    def _clean_times(self, cleaned: dict[str, Any]) -> None:
        """One empty time of a closing is the start or the end of the day."""
        begins, ends = cleaned.get("closed_from"), cleaned.get("closed_until")
        if begins is None and ends is None:
            return
        begins, ends = begins or time(), ends or time()
        if ends != time() and ends <= begins:
            self.add_error("closed_until", _("It ends before it begins."))
        elif begins == ends == time():
            begins = ends = None
        cleaned |= {"closed_from": begins, "closed_until": ends}

    def close_days(self) -> int:
        """Close the days that are not closed yet; return how many."""
        values = {name: self.cleaned_data[name] for name in ("name", "closed_from", "closed_until")}
        days = [CalendarDay(calendar=self.calendar, day=day, **values) for day in self.cleaned_data["days"]]
        CalendarDay.objects.bulk_create(days, ignore_conflicts=True)
        return len(days)


def days_between(first: date, last: date) -> list[date]:
    """All days from the first through the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
