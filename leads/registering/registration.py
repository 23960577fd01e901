"""How leads come in and change: who is known, who is new, and what is kept of it.

A lead is known by its e-mail (NFKC, case folded) or by the id that another system gave it. When the two name
different leads, nobody decides for people: the caller is told both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, models, transaction
from django.utils.dateparse import parse_date
from django.utils.timezone import now
from django.utils.translation import gettext as _

from history.models import Change
from leads.models.activities import Activity, ActivityIdentity, ActivityKind
from leads.models.companies import Company
from leads.models.custom_fields import CustomField
from leads.models.leads import Identity, Lead
from leads.registering.searching import refresh, refresh_companies
from leads.text.folding import fold
from leads.text.free_mail import is_free_mail
from smarketing.queue import bells
from teams.models import User

Values = Mapping[str, Any]
Changes = dict[str, tuple[Any, Any]]
R = TypeVar("R", Lead, Company)

LEAD_FIELDS = (
    "email", "family_name", "given_name", "family_name_reading", "given_name_reading", "phone", "title",
    "department", "seniority", "buying_role", "country", "region", "source", "campaign", "consent", "owner", "company",
)  # fmt: skip
COMPANY_FIELDS = ("name", "domain", "industry", "employees", "revenue", "country", "region")
SOUGHT_BY = {
    "email", "family_name", "given_name", "family_name_reading", "given_name_reading", "company",
}  # fmt: skip
# An e-mail that a merged lead was known by goes on naming the lead it became.
FORMER_EMAIL = "e-mail"
UNSUBSCRIBE = "unsubscribe"
TRIES = 3
# Held, shared, by whoever registers one company; whole, by an import that brings many.
COMPANIES_LOCK = 7_305_101


class Conflict(Exception):
    """What should name one lead names two. Nothing was changed."""

    def __init__(self, leads: Iterable[Lead]) -> None:
        self.leads = tuple(sorted(leads, key=lambda lead: lead.pk))
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        names = [f"{lead} (#{lead.pk})" for lead in self.leads]
        return _("The e-mail and the external id name different leads: %(first)s and %(second)s.") % {
            "first": names[0],
            "second": names[-1],
        }


class Unnamed(ValueError):
    """A lead needs an e-mail or an external id."""


def normal_email(text: str) -> str:
    """The address as it is kept: NFKC, without spaces around it. Raises `ValidationError` for what is none."""
    email = unicodedata.normalize("NFKC", text).strip()
    if email:
        validate_email(email)
        if len(email) > 254:
            raise ValidationError(_("Longer than an e-mail address can be."))
    return email


def register(
    values: Values,
    *,
    identities: Sequence[tuple[str, str]] = (),
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    news: bool = True,
) -> tuple[Lead, bool]:
    """Make the lead, or update the one that the e-mail or an external id names. Empty values never erase.

    `values` are attributes of the lead, `custom.NAME`, and `company.NAME` for its company; `identities` are pairs of
    system and external id. Returns the lead and whether it is new. Raises `Conflict`, `Unnamed`, `ValidationError`.
    """
    at = at or now()
    given = {name: value for name, value in values.items() if value not in (None, "")}
    if "email" in given:
        given["email"] = _cleaned_email(given["email"])
    known_by = [(system, external_id) for system, external_id in identities if external_id]
    if not given.get("email") and not known_by:
        raise Unnamed(_("A lead needs an e-mail or an external id."))
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _register(given, known_by, by=by, how=how, at=at, news=news)
        except IntegrityError as clash:
            # Somebody registered the same lead at the same moment: now it is there, and we update it.
            if attempt == TRIES - 1 or constraint_of(clash) not in ("one_lead_per_email", "one_lead_per_external_id"):
                raise
    raise AssertionError("unreachable")


def _register(
    given: dict[str, Any], known_by: list[tuple[str, str]], *, by: User | None, how: str, at: datetime, news: bool
) -> tuple[Lead, bool]:
    found = named_by(given.get("email", ""), known_by)
    if len(found) > 1:
        raise Conflict(found)
    values = _with_company(given, by=by, how=how, at=at)
    if not found:
        return _made(values, known_by, at=at, news=news), True
    lead = found[0]
    if "email" in values and fold(values["email"]) == lead.email_key:
        del values["email"]  # Another spelling of the same address is no change.
    if "created_at" in values:
        del values["created_at"]
    _keep_identities(lead, known_by)
    change(lead, values, by=by, how=how, at=at, news=news)
    return lead, False


def named_by(email: str, known_by: Iterable[tuple[str, str]]) -> list[Lead]:
    """The leads that an e-mail and external ids name: none, one, or a conflict."""
    names = list(known_by)
    found: dict[int, Lead] = {}
    if email:
        found |= {lead.pk: lead for lead in Lead.objects.here().filter(email_key=fold(email)).exclude(email="")}
        if not found:
            names.append((FORMER_EMAIL, fold(email)))
    for system, external_id in names:
        known = Identity.objects.select_related("lead").filter(system=system, external_id=external_id).first()
        if known:
            found[known.lead_id] = known.lead
    return list(found.values())


def _made(values: dict[str, Any], known_by: list[tuple[str, str]], *, at: datetime, news: bool) -> Lead:
    created_at = values.pop("created_at", None) or at
    lead = Lead(created_at=created_at)
    _set(lead, values, at=at)
    lead.save()
    _keep_identities(lead, known_by)
    refresh([lead.pk])
    mark([lead.pk], at=at, news_at=at if news else None)
    return lead


def _keep_identities(lead: Lead, known_by: list[tuple[str, str]]) -> None:
    mine = set(lead.identities.values_list("system", "external_id"))
    for system, external_id in known_by:
        if (system, external_id) not in mine:
            lead.identities.create(system=system, external_id=external_id)
            mine.add((system, external_id))


def change(
    lead: Lead,
    values: Values,
    *,
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    news: bool = True,
) -> Changes:
    """Give the lead's attributes these values, empty ones too, and keep what they were.

    Returns `{name: (old, new)}` of what really changed. Raises `Conflict` when the e-mail names another lead, and
    `ValidationError`, both with nothing changed.
    """
    at = at or now()
    values = dict(values)
    if values.get("email"):
        values["email"] = _cleaned_email(values["email"])
        others = [other for other in named_by(values["email"], ()) if other.pk != lead.pk]
        if others:
            raise Conflict([lead, *others])
    with transaction.atomic():
        changes = _written(lead, "lead", values, partial(_set, at=at), by=by, how=how, at=at)
        if SOUGHT_BY & changes.keys():
            refresh([lead.pk])
        if changes:
            mark([lead.pk], at=at, news_at=at if news else None)
    return changes


def change_company(
    company: Company,
    values: Values,
    *,
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    news: bool = True,
) -> Changes:
    """Give the company's attributes these values, and keep what they were. Its leads are looked at anew."""
    at = at or now()
    with transaction.atomic():
        changes = _written(company, "company", values, _set_company, by=by, how=how, at=at)
        if {"name", "domain"} & changes.keys():
            refresh_companies([company.pk])
        if changes:
            leads = company.leads.filter(merged_into=None).values_list("pk", flat=True)
            mark(list(leads), at=at, news_at=at if news else None)
    return changes


def _written(
    record: R,
    subject: str,
    values: Values,
    put: Callable[[R, Values], None],
    *,
    by: User | None,
    how: str,
    at: datetime,
) -> Changes:
    """Put the values into the record, locked, and keep what they were. Call inside a transaction."""
    type(record)._default_manager.select_for_update().get(pk=record.pk)
    record.refresh_from_db()
    before = {name: attribute(record, name) for name in values}
    put(record, values)
    changes = _differences(record, before)
    if changes:
        _save_changed(record, changes)
        Change.objects.write(subject, record.pk, changes, at=at, by=by, how=how)
    return changes


def attribute(record: Lead | Company, name: str) -> Any:
    """A value as history keeps it: an id for another record, the bare value else."""
    if name.startswith("custom."):
        return record.custom.get(name.removeprefix("custom."))
    return getattr(record, record._meta.get_field(name).attname)  # type: ignore[union-attr]


def _differences(record: Lead | Company, before: Mapping[str, Any]) -> Changes:
    after = {name: attribute(record, name) for name in before}
    return {name: (old, after[name]) for name, old in before.items() if old != after[name]}


def _save_changed(record: Lead | Company, changes: Changes) -> None:
    columns = {"custom" if name.startswith("custom.") else name for name in changes}
    if "email" in columns:
        columns.add("is_free_mail")
    if "consent" in columns:
        columns.add("consent_at")
    record.save(update_fields=columns)


def _set(lead: Lead, values: Values, *, at: datetime) -> None:
    consent_before = lead.consent
    _assign(lead, values, LEAD_FIELDS, CustomField.Subject.LEAD)
    if "email" in values:
        lead.is_free_mail = is_free_mail(lead.email)
    if lead.consent != consent_before:
        lead.consent_at = at


def _set_company(company: Company, values: Values) -> None:
    _assign(company, values, (*COMPANY_FIELDS, "owner"), CustomField.Subject.COMPANY)


def _assign(record: Lead | Company, values: Values, allowed: Sequence[str], subject: CustomField.Subject) -> None:
    errors: dict[str, Any] = {}
    custom = {}
    for name, value in values.items():
        if name.startswith("custom."):
            custom[name.removeprefix("custom.")] = value
        elif name in allowed:
            setattr(record, name, value.strip() if isinstance(value, str) else value)
        else:
            errors[name] = ValidationError(_("There is no attribute “%(name)s”.") % {"name": name})
    try:
        record.custom = record.custom | _custom_values(custom, subject)
    except ValidationError as wrong:
        errors |= wrong.error_dict
    try:
        record.clean_fields(exclude=[field.name for field in record._meta.fields if field.name not in values])
    except ValidationError as wrong:
        errors |= wrong.error_dict
    if errors:
        raise ValidationError(errors)


def _custom_values(given: Values, subject: CustomField.Subject) -> dict[str, Any]:
    if not given:
        return {}
    fields = {field.key: field for field in CustomField.objects.filter(subject=subject, key__in=given)}
    read, errors = {}, {}
    for key, value in given.items():
        if key not in fields:
            errors[f"custom.{key}"] = ValidationError(_("There is no attribute “%(name)s”.") % {"name": key})
            continue
        try:
            read[key] = custom_value(fields[key], value)
        except ValidationError as wrong:
            errors[f"custom.{key}"] = wrong
    if errors:
        raise ValidationError(errors)
    return read


def custom_value(field: CustomField, value: Any) -> Any:
    """The value as the field's type keeps it in JSON. Raises `ValidationError`."""
    if value in (None, ""):
        return None
    match field.type:
        case CustomField.Type.NUMBER:
            return _number(value)
        case CustomField.Type.DATE:
            return _day(value)
        case CustomField.Type.BOOLEAN:
            if isinstance(value, bool):
                return value
            raise ValidationError(_("Neither yes nor no."))
        case CustomField.Type.CHOICE if field.choices and value not in field.choices:
            raise ValidationError(_("Not one of the choices."))
    return str(value).strip()


def _number(value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValidationError(_("Not a number."))
    if number != number or number in (float("inf"), float("-inf")):
        raise ValidationError(_("Not a number."))
    return int(number) if number.is_integer() else number


def _day(value: Any) -> str:
    try:
        day = parse_date(str(value)[:10])
    except ValueError:
        day = None
    if day is None:
        raise ValidationError(_("Not a date."))
    return day.isoformat()


def _with_company(given: dict[str, Any], *, by: User | None, how: str, at: datetime) -> dict[str, Any]:
    """Replace `company.NAME` values by the company that they name, made or updated."""
    values = {name: value for name, value in given.items() if not name.startswith("company.")}
    about = {name.removeprefix("company."): value for name, value in given.items() if name.startswith("company.")}
    if about and "company" not in values:
        try:
            values["company"] = register_company(about, by=by, how=how, at=at)
        except ValidationError as wrong:
            raise ValidationError({f"company.{name}": texts for name, texts in wrong.message_dict.items()})
    return values


def register_company(
    values: Values, *, by: User | None = None, how: str = "", at: datetime | None = None
) -> Company | None:
    """Make the company, or update the one of that name (or, without a name, of that domain)."""
    at = at or now()
    given = {name: value for name, value in values.items() if value not in (None, "")}
    name = str(given.get("name") or given.get("domain") or "").strip()
    if not name:
        return None
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two leads of one new company at once: the second waits and finds it.
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [COMPANIES_LOCK])
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"company {fold(name)}"])
        known = models.Q(name_key=fold(name)) if "name" in given else models.Q(domain=given["domain"])
        company = Company.objects.filter(known).order_by("pk").first()
        if company is None:
            company = Company(created_at=at)
            _set_company(company, {**given, "name": name})
            company.save()
        else:
            rest = {key: value for key, value in given.items() if key != "name"}
            change_company(company, rest, by=by, how=how, at=at)
    return company


def record(
    lead: Lead,
    kind_key: str,
    occurred_at: datetime,
    *,
    properties: Mapping[str, Any] | None = None,
    system: str = "",
    message_id: str = "",
    at: datetime | None = None,
) -> tuple[Activity, bool]:
    """Keep one thing the lead did. The same message of the same system, sent again, is the same activity.

    Returns it and whether it is new. Raises `ActivityKind.DoesNotExist`.
    """
    at = at or now()
    kind = ActivityKind.objects.get(key=kind_key)
    try:
        with transaction.atomic():
            if message_id:
                known = ActivityIdentity.objects.select_related("activity").filter(system=system, message_id=message_id)
                for identity in known:
                    return identity.activity, False
            activity = Activity.objects.create(
                lead=lead, kind=kind, occurred_at=occurred_at, properties=dict(properties or {}), system=system
            )
            if message_id:
                ActivityIdentity.objects.create(system=system, message_id=message_id, activity=activity)
            if kind_key == UNSUBSCRIBE:
                _withdraw_consent(lead, occurred_at)
            mark([lead.pk], at=at, news_at=occurred_at, due_at=max(at, occurred_at))
    except IntegrityError as clash:
        if constraint_of(clash) != "one_activity_per_message":
            raise
        identity = ActivityIdentity.objects.select_related("activity").get(system=system, message_id=message_id)
        return identity.activity, False
    return activity, True


def forget(lead: Lead, kind_key: str, occurred_at: datetime, *, at: datetime | None = None) -> bool:
    """Take back one thing that was written down by hand at that moment, and say whether it was there."""
    written = Activity.objects.filter(lead=lead, kind__key=kind_key, occurred_at=occurred_at, system="")
    with transaction.atomic():
        found = written.order_by("-pk").first()
        if found is None:
            return False
        found.delete()
        mark([lead.pk], at=at or now())
    return True


def _withdraw_consent(lead: Lead, occurred_at: datetime) -> None:
    """Unsubscribing takes consent back, unless it was given anew since."""
    lead.refresh_from_db(fields=["consent", "consent_at"])
    if lead.consent_at is None or lead.consent_at <= occurred_at:
        change(lead, {"consent": Lead.Consent.WITHDRAWN}, how=UNSUBSCRIBE, at=occurred_at)


def mark(
    lead_ids: Collection[int], *, at: datetime, news_at: datetime | None = None, due_at: datetime | None = None
) -> None:
    """Note that these leads are to be looked at anew, at once or at `due_at`, and ring.

    `news_at` is the moment of the news that lets a standing lead qualify; None: no news.
    """
    if not lead_ids:
        return
    due_at = due_at or at
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_stalelead (lead_id, due_at, news_at) SELECT lead, %s, %s FROM unnest(%s::bigint[]) lead",
            [due_at, news_at, list(lead_ids)],
        )
    if due_at <= at:
        bells.ring(settings.ADVANCE_TASK)


def constraint_of(clash: IntegrityError) -> str:
    return getattr(getattr(clash.__cause__, "diag", None), "constraint_name", None) or ""


def _cleaned_email(value: str) -> str:
    try:
        return normal_email(value)
    except ValidationError as wrong:
        raise ValidationError({"email": wrong.messages})
