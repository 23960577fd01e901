"""How leads come in and change: who is known, who is new, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from leads.models.custom_fields import CustomField
from leads.models.leads import Lead
from leads.models.mail_domains import is_from_free_mail
from leads.registering.changing import Changes, Values, assign_attributes, without_empty, write_changes
from leads.registering.companies import employer_in
from leads.registering.consent import consent_since, keeps_refusal
from leads.registering.identities import Conflict, Unnamed, cleaned_email, keep_identities, leads_named_by
from leads.registering.races import repeat_when_raced
from leads.registering.reevaluation import enqueue_reevaluation
from leads.registering.searching import refresh
from leads.text.folding import fold
from leads.text.phones import e164
from teams.models import Organization, User
from teams.records import check_editable, lock_editable

LEAD_FIELDS = (
    "email", "family_name", "given_name", "family_name_reading", "given_name_reading", "phone", "title",
    "department", "seniority", "buying_role", "country", "region", "source", "campaign", "consent", "owner", "company",
)  # fmt: skip
SOUGHT_BY = {
    "email", "family_name", "given_name", "family_name_reading", "given_name_reading", "company",
}  # fmt: skip


def register(
    values: Values,
    *,
    identities: Sequence[tuple[str, str]] = (),
    by: User | None = None,
    how: str = "",
    at: datetime | None = None,
    news: bool = True,
    rights_of: User | None = None,
    new_owner: User | None = None,
) -> tuple[Lead, bool]:
    """Make the lead, or update the one that the e-mail or an external id names. Empty values never erase.

    `values` are attributes of the lead, `custom.NAME`, and `company.NAME` for its company; `identities` are pairs of
    system and external id. Consent that a known lead took back is not given again. Returns the lead and whether it is
    new; a new one that names no owner is `new_owner`'s. Raises `Conflict`, `Unnamed`, `ValidationError`, and
    `OnlyRead` where the lead or its company is known, and the person `rights_of` only reads it.
    """
    given = without_empty(values)
    if "email" in given:
        given["email"] = cleaned_email(given["email"])
    known_by = [(system, external_id) for system, external_id in identities if external_id]
    if not given.get("email") and not known_by:
        raise Unnamed(_("A lead needs an e-mail or an external id."))
    return repeat_when_raced(
        partial(
            _register,
            given,
            known_by,
            by=by,
            how=how,
            at=at or now(),
            news=news,
            rights_of=rights_of,
            new_owner=new_owner,
        ),
        "one_lead_per_email",
        "one_lead_per_external_id",
    )


def _register(
    given: dict[str, Any],
    known_by: list[tuple[str, str]],
    *,
    by: User | None,
    how: str,
    at: datetime,
    news: bool,
    rights_of: User | None,
    new_owner: User | None,
) -> tuple[Lead, bool]:
    found = leads_named_by(given.get("email", ""), known_by)
    if len(found) > 1:
        raise Conflict(found)
    if found and rights_of:
        check_editable(found[0], rights_of)
    values = employer_in(given, by=by, how=how, at=at, rights_of=rights_of)
    if not found:
        owned = {"owner": new_owner} if new_owner else {}
        return _made(owned | values, known_by, at=at, news=news), True
    lead = found[0]
    if rights_of:
        lock_editable(rights_of, lead)
    if "email" in values and fold(values["email"]) == lead.email_key:
        del values["email"]  # Another spelling of the same address is no change.
    if keeps_refusal(lead.consent, values.get("consent")):
        del values["consent"]
    values.pop("created_at", None)
    keep_identities(lead, known_by)
    change(lead, values, by=by, how=how, at=at, news=news)
    return lead, False


def _made(values: dict[str, Any], known_by: list[tuple[str, str]], *, at: datetime, news: bool) -> Lead:
    lead = Lead(created_at=values.pop("created_at", None) or at)
    _assign(lead, values, at=at)
    lead.save()
    keep_identities(lead, known_by)
    refresh([lead.pk])
    enqueue_reevaluation([lead.pk], at=at, news_at=at if news else None)
    return lead


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
        values["email"] = cleaned_email(values["email"])
        others = [other for other in leads_named_by(values["email"]) if other.pk != lead.pk]
        if others:
            raise Conflict([lead, *others])
    with transaction.atomic():
        changes = write_changes(lead, "lead", values, partial(_assign, at=at), by=by, how=how, at=at)
        if SOUGHT_BY & changes.keys():
            refresh([lead.pk])
        if changes:
            enqueue_reevaluation([lead.pk], at=at, news_at=at if news else None)
    return changes


def _assign(lead: Lead, values: Values, *, at: datetime) -> None:
    consent, since = lead.consent, lead.consent_at
    assign_attributes(lead, values, LEAD_FIELDS, CustomField.Subject.LEAD)
    if "email" in values:
        lead.is_free_mail = is_from_free_mail(lead.email)
    if {"phone", "country"} & values.keys():
        lead.phone_e164 = e164(lead.phone, lead.country, Organization.ours().country) if lead.phone else ""
    lead.consent_at = consent_since(consent, since, lead.consent, at=at)
