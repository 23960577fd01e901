"""What lists are narrowed by."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from leads.models.campaigns import Campaign
from leads.models.companies import Company
from leads.models.leads import Lead
from leads.models.names import Fold
from leads.models.personas import Persona
from leads.text.folding import fold
from smarketing.company import company_zone
from smarketing.pages.inputs import DateInput
from teams.models import User

YES_OR_NO = [("true", _("Yes")), ("false", _("No"))]
CONSENT = [("given", _("Given")), ("withdrawn", _("Withdrawn")), ("none", _("Unknown"))]
# An option of its own for "none", beside "any".
NONE = "none"


def sources(limit: int = 200) -> list[tuple[str, str]]:
    """The sources that leads came from: one step of the index a source, however many leads each has."""
    sql = """
        WITH RECURSIVE found AS (
            (SELECT source FROM leads_lead WHERE source > '' ORDER BY source LIMIT 1)
            UNION ALL
            SELECT (SELECT source FROM leads_lead WHERE source > found.source ORDER BY source LIMIT 1)
            FROM found WHERE found.source IS NOT NULL
        )
        SELECT source FROM found WHERE source IS NOT NULL LIMIT %s
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [limit])
        return [(source, source) for (source,) in cursor.fetchall()]


def start_of(day: date) -> datetime:
    """The moment at which a company day begins."""
    return datetime.combine(day, time(), company_zone())


class Choice(filters.ChoiceFilter):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(empty_label=_("Any"), null_label=None, **kwargs)


class ModelChoice(filters.ModelChoiceFilter):  # type: ignore[misc]
    """One of our records, or none of them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(empty_label=_("Any"), null_label=_("None"), null_value=NONE, **kwargs)


class LeadFilter(filters.FilterSet):  # type: ignore[misc]
    """What `leads` itself knows of a lead. Higher apps add theirs."""

    persona = ModelChoice(
        field_name="persona_match__persona",
        label=_("Persona"),
        queryset=Persona.objects.prefetch_related("versions"),
    )
    source = Choice(label=_("Source"), choices=sources)
    campaign = ModelChoice(label=_("Campaign"), queryset=Campaign.objects.all())
    owner = ModelChoice(label=_("Owner"), queryset=User.objects.active())
    company = ModelChoice(label=_("Company"), queryset=Company.objects.all(), widget=forms.HiddenInput())
    consent = Choice(
        label=_("Consent"),
        choices=CONSENT,
        method="by_consent",
    )
    country = filters.CharFilter(label=_("Country"), method="by_country")
    free_mail = Choice(label=_("Free-mail address"), choices=YES_OR_NO, method="by_free_mail")
    created_from = filters.DateFilter(label=_("Created from"), method="since", widget=DateInput())
    created_to = filters.DateFilter(label=_("Created to"), method="until", widget=DateInput())

    class Meta:
        model = Lead
        fields: tuple[str, ...] = ()

    def by_consent(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return queryset.filter(consent="" if value == NONE else value)

    def by_country(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return queryset.alias(folded_country=Fold("country")).filter(folded_country=fold(value.strip()))

    def by_free_mail(self, queryset: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return queryset.filter(is_free_mail=value == "true")

    def since(self, queryset: QuerySet[Lead], name: str, value: date) -> QuerySet[Lead]:
        return queryset.filter(created_at__gte=start_of(value))

    def until(self, queryset: QuerySet[Lead], name: str, value: date) -> QuerySet[Lead]:
        return queryset.filter(created_at__lt=start_of(value + timedelta(days=1)))


class CompanyFilter(filters.FilterSet):  # type: ignore[misc]
    industry = filters.CharFilter(label=_("Industry"), method="by_industry")
    country = filters.CharFilter(label=_("Country"), method="by_country")
    employees_from = filters.NumberFilter(label=_("Employees from"), field_name="employees", lookup_expr="gte")
    employees_to = filters.NumberFilter(label=_("Employees to"), field_name="employees", lookup_expr="lte")

    class Meta:
        model = Company
        fields: tuple[str, ...] = ()

    def by_industry(self, queryset: QuerySet[Company], name: str, value: str) -> QuerySet[Company]:
        return queryset.alias(folded_industry=Fold("industry")).filter(folded_industry__contains=fold(value.strip()))

    def by_country(self, queryset: QuerySet[Company], name: str, value: str) -> QuerySet[Company]:
        return queryset.alias(folded_country=Fold("country")).filter(folded_country=fold(value.strip()))
