"""What people type about leads, companies and campaigns."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import CharField
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from leads.models import ActivityKind, Campaign, Company, CustomField, Lead
from leads.registration import named_by, normal_email, register_company
from leads.text import fold
from teams.models import User

CUSTOM = "custom."


def typed_field(attribute: CustomField) -> forms.Field:
    """The form field for an attribute of the administrator's."""
    label, of = str(attribute), CustomField.Type
    if attribute.type == of.NUMBER:
        return forms.DecimalField(label=label, required=False, max_digits=18, decimal_places=6)
    if attribute.type == of.DATE:
        return forms.DateField(label=label, required=False, widget=DateInput())
    if attribute.type == of.BOOLEAN:
        answers = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
        return forms.TypedChoiceField(
            label=label, required=False, choices=answers, coerce=lambda value: value == "true", empty_value=None
        )
    if attribute.type == of.CHOICE:
        choices = [("", "–"), *((choice, choice) for choice in attribute.choices)]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    return forms.CharField(label=label, required=False, max_length=500)


def shown(attribute: CustomField, value: Any) -> Any:
    """A stored value as its form field takes it. A value that is not of the type is shown as it is."""
    if attribute.type == CustomField.Type.BOOLEAN and isinstance(value, bool):
        return "true" if value else "false"
    return value


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class WithCustomFields(forms.Form):
    """A form about a lead or a company, with the administrator's attributes below its own."""

    subject: CustomField.Subject
    own_fields: tuple[str, ...]

    def __init__(self, *args: Any, subject: Any = None, **kwargs: Any) -> None:
        self.record = subject
        self.attributes = list(CustomField.objects.filter(subject=self.subject))
        kwargs["initial"] = self.begin() | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for attribute in self.attributes:
            self.fields[CUSTOM + attribute.key] = typed_field(attribute)

    def begin(self) -> dict[str, Any]:
        if self.record is None:
            return {}
        own = {name: getattr(self.record, name) for name in self.own_fields}
        return own | {
            CUSTOM + attribute.key: shown(attribute, self.record.custom.get(attribute.key))
            for attribute in self.attributes
        }

    def values(self) -> dict[str, Any]:
        """What was typed, by the name of the attribute: `custom.KEY` for the administrator's."""
        return dict(self.cleaned_data)

    def refuse(self, wrong: ValidationError) -> None:
        """Show what the record itself refused, at the field where it has one."""
        for name, messages in wrong.message_dict.items():
            self.add_error(name if name in self.fields else None, ValidationError(messages))

    @property
    def custom_fields(self) -> list[forms.BoundField]:
        return [self[CUSTOM + attribute.key] for attribute in self.attributes]


def text(model: type[Lead | Company], name: str, **kwargs: Any) -> forms.CharField:
    field = cast("CharField[Any, Any]", model._meta.get_field(name))
    return forms.CharField(label=field.verbose_name, max_length=field.max_length, required=False, **kwargs)


class LeadForm(WithCustomFields):
    subject = CustomField.Subject.LEAD
    own_fields = (
        "email", "family_name", "given_name", "family_name_reading", "given_name_reading", "phone", "title",
        "department", "seniority", "buying_role", "country", "region", "source", "campaign", "consent", "owner",
    )  # fmt: skip

    family_name = text(Lead, "family_name")
    given_name = text(Lead, "given_name")
    family_name_reading = text(Lead, "family_name_reading")
    given_name_reading = text(Lead, "given_name_reading")
    email = text(Lead, "email", widget=forms.EmailInput())
    phone = text(Lead, "phone", widget=forms.TextInput(attrs={"type": "tel"}))
    company = forms.CharField(
        label=_("Company"),
        max_length=200,
        required=False,
        help_text=_("A name that is not known yet makes a company."),
        widget=forms.TextInput(
            attrs={
                "list": "company-names",
                "autocomplete": "off",
                "hx-get": reverse_lazy("company_names"),
                "hx-trigger": "input changed delay:150ms",
                "hx-target": "#company-names",
            }
        ),
    )
    title = text(Lead, "title")
    department = text(Lead, "department")
    seniority = text(Lead, "seniority")
    buying_role = text(Lead, "buying_role")
    country = text(Lead, "country")
    region = text(Lead, "region")
    source = text(Lead, "source")
    campaign = forms.ModelChoiceField(
        label=_("Campaign"), queryset=Campaign.objects.all(), required=False, empty_label="–"
    )
    consent = forms.ChoiceField(label=_("Consent to e-mail"), choices=Lead.Consent.choices, required=False)
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.active(), required=False, empty_label="–")

    def begin(self) -> dict[str, Any]:
        begun = super().begin()
        if self.record and self.record.company:
            begun["company"] = self.record.company.name
        return begun

    def clean_email(self) -> str:
        email = normal_email(self.cleaned_data["email"])
        others = [lead for lead in named_by(email, ()) if lead != self.record] if email else []
        if others:
            raise ValidationError(
                _("%(lead)s already has this address. Two records of one person can be merged."),
                params={"lead": others[0]},
            )
        return email

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        known = bool(self.record) and self.record.identities.exists()
        if not known and "email" in cleaned and not cleaned["email"]:
            self.add_error("email", _("A lead is known by an e-mail address, or by an id that an import brings."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """As registration takes them: with the company that the name names, made where there is none."""
        name = self.cleaned_data["company"].strip()
        here = self.record.company if self.record else None
        same = here is not None and fold(here.name) == fold(name)
        return super().values() | {"company": here if same else register_company({"name": name}, how="page")}


class CompanyForm(WithCustomFields):
    subject = CustomField.Subject.COMPANY
    own_fields = ("name", "domain", "industry", "employees", "revenue", "country", "region", "owner")

    name = forms.CharField(label=_("Name"), max_length=200)
    domain = text(Company, "domain", help_text=_("As in their e-mail addresses: example.co.jp"))
    industry = text(Company, "industry")
    employees = forms.IntegerField(label=_("Employees"), required=False, min_value=0, max_value=2_000_000_000)
    revenue = forms.DecimalField(
        label=_("Yearly revenue"), required=False, min_value=0, max_digits=18, decimal_places=2
    )
    country = text(Company, "country")
    region = text(Company, "region")
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.active(),
        required=False,
        empty_label="–",
        help_text=_("Its leads are offered to them first."),
    )


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Campaign
        fields = ("name", "channel", "goal", "starts_on", "ends_on")
        widgets = {"starts_on": DateInput(), "ends_on": DateInput(), "goal": forms.Textarea(attrs={"rows": 3})}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("It ends before it starts."))
        return cleaned


class CustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For “one of a list”: one a line."),
    )

    class Meta:
        model = CustomField
        fields = ("name_en", "name_ja", "subject", "key", "type", "choices")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(self.instance.choices)
        if self.instance.pk:
            # What leads already say of themselves must stay readable.
            for name in ("subject", "key", "type"):
                self.fields[name].disabled = True

    def clean_choices(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("type") == CustomField.Type.CHOICE and not cleaned.get("choices"):
            self.add_error("choices", _("Say what there is to choose from."))
        elif cleaned.get("type") != CustomField.Type.CHOICE:
            cleaned["choices"] = []
        return cleaned


class ActivityKindForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ActivityKind
        fields = ("name_en", "name_ja", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["key"].disabled = True
