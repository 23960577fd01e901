"""How companies come in and change: known by their name, or without one by their domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils.timezone import now

from leads.models.companies import Company
from leads.models.custom_fields import CustomField
from leads.registering.changing import Changes, Values, assign_attributes, without_empty, write_changes
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.searching import refresh_companies
from leads.text.folding import fold
from teams.models import User

COMPANY_FIELDS = ("name", "domain", "industry", "employees", "revenue", "country", "region")
# Held, shared, by whoever registers one company; whole, by an import that brings many.
COMPANIES_LOCK = 7_305_101


def register_company(
    values: Values, *, by: User | None = None, how: str = "", at: datetime | None = None
) -> Company | None:
    """Make the company, or update the one of that name (or, without a name, of that domain)."""
    at = at or now()
    given = without_empty(values)
    name = str(given.get("name") or given.get("domain") or "").strip()
    if not name:
        return None
    with transaction.atomic():
        _wait_for(name)
        known = models.Q(name_key=fold(name)) if "name" in given else models.Q(domain=given["domain"])
        company = Company.objects.filter(known).order_by("pk").first()
        if company is None:
            company = Company(created_at=at)
            _assign(company, {**given, "name": name})
            company.save()
        else:
            rest = {key: value for key, value in given.items() if key != "name"}
            change_company(company, rest, by=by, how=how, at=at)
    return company


def _wait_for(name: str) -> None:
    """Two leads of one new company at once: the second waits and finds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [COMPANIES_LOCK])
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"company {fold(name)}"])


def change_company(
    company: Company,
    values: Values,
    *,
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    news: bool = True,
) -> Changes:
    """Give the company's attributes these values, and keep what they were. Its leads are evaluated anew."""
    at = at or now()
    with transaction.atomic():
        changes = write_changes(company, "company", values, _assign, by=by, how=how, at=at)
        if {"name", "domain"} & changes.keys():
            refresh_companies([company.pk])
        if changes:
            leads = company.leads.filter(merged_into=None).values_list("pk", flat=True)
            enqueue_reevaluation(list(leads), at=at, news_at=at if news else None)
    return changes


def _assign(company: Company, values: Values) -> None:
    assign_attributes(company, values, (*COMPANY_FIELDS, "owner"), CustomField.Subject.COMPANY)


def employer_in(values: Mapping[str, Any], *, by: User | None, how: str, at: datetime) -> dict[str, Any]:
    """A lead's values with its company in place of the `company.NAME` values that describe it: made, or updated."""
    rest = {name: value for name, value in values.items() if not name.startswith("company.")}
    described = {name.removeprefix("company."): value for name, value in values.items() if name.startswith("company.")}
    if described and "company" not in rest:
        try:
            rest["company"] = register_company(described, by=by, how=how, at=at)
        except ValidationError as wrong:
            raise ValidationError({f"company.{name}": texts for name, texts in wrong.message_dict.items()})
    return rest
