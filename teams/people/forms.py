from datetime import datetime, time
from typing import Any
from zoneinfo import available_timezones

import holidays
from babel import Locale
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from smarketing.company import company_zone
from teams.models import Organization, Role, Scope, Team, Token, User


class ZoneInput(forms.TextInput):
    """A time zone, with suggestions from the page's datalist `zones`."""

    def __init__(self) -> None:
        super().__init__({"list": "zones", "autocomplete": "off", "spellcheck": "false"})


def time_zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix")))


def countries() -> list[tuple[str, str]]:
    """Countries with known holidays, as (code, name in the language of the page), by name."""
    names = Locale.parse(get_language() or "en").territories
    choices = ((code, str(names.get(code, code))) for code in holidays.list_supported_countries())
    return sorted(choices, key=lambda country: country[1])


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person, as an administrator edits them."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        error_messages={"required": gettext_lazy("Choose at least one role: it decides what this person can open.")},
    )

    class Meta:
        model = User
        fields = ["email", "family_name", "given_name", "roles", "team", "language"]

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody with this e-mail works here already."))
        return email

    def clean_roles(self) -> list[str]:
        roles: list[str] = self.cleaned_data["roles"]
        if self.instance.pk == self.by.pk and Role.ADMINISTRATOR not in roles:
            raise ValidationError(_("You cannot take the administrator's role from yourself."))
        return roles


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Team
        fields = ["name", "name_ja", "kind", "head"]
        help_texts = {"head": gettext_lazy("Who signs the agreement for this team.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        heads = self.fields["head"]
        assert isinstance(heads, forms.ModelChoiceField)
        # One who left stays head until somebody chooses another.
        heads.queryset = User.objects.get_queryset().filter(Q(is_active=True) | Q(pk=self.instance.head_id))


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Organization
        fields = ["name", "country", "time_zone", "currency", "second_factor_required"]
        widgets = {"time_zone": ZoneInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"), choices=countries(), help_text=_("Its holidays close the calendar.")
        )
        if settings.COMPANY_TIME_ZONE:
            zone = self.fields["time_zone"]
            zone.disabled = True
            zone.help_text = _("The server's variable COMPANY_TIME_ZONE says %(zone)s, and wins.") % {
                "zone": settings.COMPANY_TIME_ZONE
            }

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise ValidationError(_("Write the three letters of a currency, such as JPY."))
        return currency


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """The settings that people edit themselves."""

    class Meta:
        model = User
        fields = ["family_name", "given_name", "language", "time_zone", "theme"]
        widgets = {"time_zone": ZoneInput()}


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("What uses it, so that you know it later.")
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("It may"),
        choices=Scope.choices,
        initial=Scope.READ,
        widget=forms.RadioSelect(attrs={"class": "segments"}),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: until you revoke it."),
    )

    def clean_expires_on(self) -> Any:
        day = self.cleaned_data["expires_on"]
        if day and day <= now().astimezone(company_zone()).date():
            raise ValidationError(_("That day is over. Choose a later one."))
        return day

    def issue(self, user: User) -> tuple[Token, str]:
        """Create the token and return it with its secret."""
        scopes = [Scope.READ, Scope.WRITE] if self.cleaned_data["scope"] == Scope.WRITE else [Scope.READ]
        day = self.cleaned_data["expires_on"]
        until = datetime.combine(day, time(), company_zone()) if day else None
        return Token.objects.issue(user, name=self.cleaned_data["name"], scopes=scopes, expires_at=until)
