"""How companies come in and change: known by their name, or without one by their domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now

from leads.models.companies import Company
from leads.models.custom_fields import CustomField
from leads.registering.changing import Changes, Values, assign_attributes, without_empty, write_changes
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.searching import refresh_companies
from leads.text.domains import registrable
from leads.text.folding import fold
from smarketing.database.locks import Lock, acquire_named
from teams.models import User
from teams.records import OnlyRead, editable_of

COMPANY_FIELDS = ("name", "domain", "industry", "employees", "revenue", "country", "region")


def register_company(
    values: Values,
    *,
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    rights_of: User | None = None,
) -> Company | None:
    """Make the company, or update the one of that name (or, without a name, of that domain).

    Raises `OnlyRead` where it is known, would change, and the person `rights_of` only reads it.
    """
    at = at or now()
    given = without_empty(values)
    name = str(given.get("name") or given.get("domain") or "").strip()
    if not name:
        return None
    with transaction.atomic():
        _wait_for(name)
        company = company_named(name) if "name" in given else company_of_domain(given["domain"])
        if company is None:
            company = Company(created_at=at)
            _assign(company, {**given, "name": name})
            company.save()
        else:
            rest = {key: value for key, value in given.items() if key != "name"}
            change_company(company, rest, by=by, how=how, at=at, rights_of=rights_of)
    return company


def company_named(name: str) -> Company | None:
    return Company.objects.filter(name_key=fold(name)).order_by("pk").first()


def company_of_domain(domain: str) -> Company | None:
    """By the domain as it is stored, else by the one that was registered: shop.mihon.co.jp is mihon.co.jp's."""
    for each in dict.fromkeys((domain, registrable(domain))):
        if each and (found := Company.objects.filter(domain=each).order_by("pk").first()):
            return found
    return None


def _wait_for(name: str) -> None:
    """Two leads of one new company at once: the second waits and finds it."""
    Lock.COMPANIES.acquire(shared=True)
    acquire_named(f"company {fold(name)}")


def change_company(
    company: Company,
    values: Values,
    *,
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    news: bool = True,
    rights_of: User | None = None,
) -> Changes:
    """Give the company's attributes these values, and keep what they were. Its leads are evaluated anew.

    Raises `OnlyRead` where it would change, and the person `rights_of` only reads it.
    """
    at = at or now()
    with transaction.atomic():
        # Asked before it changes: it may be given to another person by that.
        is_open = rights_of is None or bool(editable_of(Company.objects.all(), rights_of, [company.pk]))
        changes = write_changes(company, "company", values, _assign, by=by, how=how, at=at)
        if changes and not is_open:
            raise OnlyRead(company)
        if {"name", "domain"} & changes.keys():
            refresh_companies([company.pk])
        if changes:
            leads = company.leads.filter(merged_into=None).values_list("pk", flat=True)
            enqueue_reevaluation(list(leads), at=at, news_at=at if news else None)
    return changes


def _assign(company: Company, values: Values) -> None:
    assign_attributes(company, values, (*COMPANY_FIELDS, "owner"), CustomField.Subject.COMPANY)


def employer_in(
    values: Mapping[str, Any], *, by: User | None, how: str, at: datetime, rights_of: User | None = None
) -> dict[str, Any]:
    """A lead's values with its company in place of the `company.NAME` values that describe it: made, or updated."""
    rest = {name: value for name, value in values.items() if not name.startswith("company.")}
    described = {name.removeprefix("company."): value for name, value in values.items() if name.startswith("company.")}
    if described and "company" not in rest:
        try:
            rest["company"] = register_company(described, by=by, how=how, at=at, rights_of=rights_of)
        except ValidationError as wrong:
            raise ValidationError({f"company.{name}": texts for name, texts in wrong.message_dict.items()})
    return rest
