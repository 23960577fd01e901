"""What people type about leads, companies and campaigns."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import CharField
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from leads.models.campaigns import Campaign
from leads.models.companies import Company
from leads.models.custom_fields import CustomField
from leads.models.leads import Lead
from leads.registering.companies import register_company
from leads.registering.custom_field_forms import WithCustomFields
from leads.registering.identities import leads_named_by, normal_email
from leads.text.folding import fold
from teams.models import User


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
        others = [lead for lead in leads_named_by(email) if lead != self.record] if email else []
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
