"""The form for absences, entered by people themselves or by whoever leads them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.calendars.models import Absence, Calendar
from smarketing.company import company_zone
from smarketing.pages.wording import person_name
from teams.models import Role, User

# Longer than two years is a typing error.
MAX_ABSENCE = timedelta(days=731)
MAX_DISTANCE = timedelta(days=3660)


def people_editable_by(user: User) -> QuerySet[User]:
    """The people whose absences a user may edit: everyone for managers and administrators, their teams for heads, and
    themself for all others."""
    everyone = User.objects.active()
    if not user.has_role(Role.MANAGER, Role.ADMINISTRATOR):
        everyone = everyone.filter(Q(pk=user.pk) | Q(team__head=user))
    return everyone.order_by("family_name", "given_name", "email")


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: User) -> str:
        return person_name(obj)


class AbsenceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Absence
        fields = ("user", "from_on", "until_on", "note")
        labels = {"until_on": gettext_lazy("Until"), "from_on": gettext_lazy("From")}
        help_texts = {"until_on": gettext_lazy("That day included.")}
        widgets = {
            "from_on": forms.DateInput(attrs={"type": "date"}),
            "until_on": forms.DateInput(attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, by: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        self.fields["user"] = PersonChoice(people_editable_by(by), label=_("Who"), initial=by.pk, empty_label=None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last, user = (cleaned.get(name) for name in ("from_on", "until_on", "user"))
        if not isinstance(first, date) or not isinstance(last, date):
            return cleaned
        # Days are those of the absent person's own calendar.
        today = self.at.astimezone(Calendar.for_user(user).zone if user else company_zone()).date()
        if last < first:
            self.add_error("until_on", _("The last day is not before the first."))
        elif last < today:
            self.add_error("until_on", _("These days are over."))
        elif last - first > MAX_ABSENCE:
            self.add_error("until_on", _("An absence lasts two years at most."))
        elif last - today > MAX_DISTANCE:
            self.add_error("until_on", _("That is too far away."))
        elif user and user.absences.filter(from_on__lte=last, until_on__gte=first).exists():
            self.add_error("from_on", _("%(person)s is away on some of these days already.") % {"person": user})
        return cleaned
