"""What many leads did, kept at once: a batch costs a few statements, not a few for each activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from history.models import Change
from leads.models.activities import Activity, ActivityIdentity, ActivityKind
from leads.models.leads import Identity, Lead, StaleLead
from leads.registering.registration import FORMER_EMAIL, TRIES, UNSUBSCRIBE, constraint_of
from leads.text.folding import fold
from smarketing.queue import bells


@dataclass(frozen=True)
class Name:
    """By what a lead is meant: its id here, its e-mail, the id that another system gave it. One of them, or more."""

    id: int | None = None
    email: str = ""
    system: str = ""
    external_id: str = ""


@dataclass(frozen=True)
class Doing:
    """One thing a lead did, as it was sent."""

    lead: Lead
    kind: ActivityKind
    occurred_at: datetime
    system: str = ""
    message_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str] | None:
        return (self.system, self.message_id) if self.message_id else None


def leads_meant(names: Sequence[Name]) -> list[list[Lead]]:
    """For each name the leads that it means: none, one, or several that contradict each other. Four queries."""
    by_id = Lead.objects.here().in_bulk({name.id for name in names if name.id})
    keys = {fold(name.email) for name in names if name.email}
    by_email = {lead.email_key: lead for lead in Lead.objects.here().filter(email_key__in=keys).exclude(email="")}
    by_identity = _by_identity(
        {(name.system, name.external_id) for name in names if name.external_id}
        | {(FORMER_EMAIL, key) for key in keys - by_email.keys()}
    )

    def meant(name: Name) -> list[Lead]:
        key = fold(name.email)
        found = [
            by_id.get(name.id or 0),
            by_email.get(key) or by_identity.get((FORMER_EMAIL, key)) if key else None,
            by_identity.get((name.system, name.external_id)) if name.external_id else None,
        ]
        return list({lead.pk: lead for lead in found if lead}.values())

    return [meant(name) for name in names]


def _by_identity(pairs: set[tuple[str, str]]) -> dict[tuple[str, str], Lead]:
    found: dict[tuple[str, str], Lead] = {}
    for system in {system for system, _external_id in pairs}:
        ids = [external_id for of, external_id in pairs if of == system]
        known = Identity.objects.filter(system=system, external_id__in=ids).select_related("lead")
        found |= {(system, identity.external_id): identity.lead for identity in known}
    return found


def record_all(doings: Sequence[Doing], *, at: datetime | None = None) -> list[bool]:
    """Keep what leads did, and say of each whether it is new. The same message of the same system is kept once.

    The leads are looked at anew: now, or at the moment of what has not happened yet.
    """
    at = at or now()
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _record_all(doings, at)
        except IntegrityError as clash:
            # The same messages came twice at the same moment: now they are there, and known.
            if attempt == TRIES - 1 or constraint_of(clash) != "one_activity_per_message":
                raise
    raise AssertionError("unreachable")


def _record_all(doings: Sequence[Doing], at: datetime) -> list[bool]:
    seen = _known({identity for doing in doings if (identity := doing.identity)})
    are_new = []
    for doing in doings:
        are_new.append(doing.identity is None or doing.identity not in seen)
        if doing.identity:
            seen.add(doing.identity)
    fresh = [doing for doing, is_new in zip(doings, are_new, strict=True) if is_new]
    _write(fresh)
    _withdraw_consent(fresh)
    _tell(fresh, at)
    return are_new


def _known(identities: set[tuple[str, str]]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for system in {system for system, _message_id in identities}:
        ids = [message_id for of, message_id in identities if of == system]
        found = ActivityIdentity.objects.filter(system=system, message_id__in=ids)
        known |= set(found.values_list("system", "message_id"))
    return known


def _write(doings: Iterable[Doing]) -> None:
    # In the order of the messages: two batches that overlap wait for each other, and neither for ever.
    in_order = sorted(doings, key=lambda doing: (doing.system, doing.message_id))
    activities = Activity.objects.bulk_create(
        Activity(
            lead=doing.lead,
            kind=doing.kind,
            occurred_at=doing.occurred_at,
            properties=dict(doing.properties),
            system=doing.system,
        )
        for doing in in_order
    )
    ActivityIdentity.objects.bulk_create(
        ActivityIdentity(system=doing.system, message_id=doing.message_id, activity=activity)
        for doing, activity in zip(in_order, activities, strict=True)
        if doing.message_id
    )


def _withdraw_consent(doings: Iterable[Doing]) -> None:
    """Unsubscribing takes consent back, unless it was given anew since."""
    gone: dict[int, datetime] = {}
    for doing in doings:
        if doing.kind.key == UNSUBSCRIBE:
            gone[doing.lead.pk] = max(doing.occurred_at, gone.get(doing.lead.pk, doing.occurred_at))
    if not gone:
        return
    subscribed = Lead.objects.select_for_update().filter(pk__in=gone).exclude(consent=Lead.Consent.WITHDRAWN)
    leads = [lead for lead in subscribed.order_by("pk") if not lead.consent_at or lead.consent_at <= gone[lead.pk]]
    Change.objects.bulk_create(
        Change(
            subject="lead",
            subject_id=lead.pk,
            field="consent",
            old=lead.consent,
            new=Lead.Consent.WITHDRAWN,
            at=gone[lead.pk],
            how=UNSUBSCRIBE,
        )
        for lead in leads
    )
    for lead in leads:
        lead.consent, lead.consent_at = Lead.Consent.WITHDRAWN, gone[lead.pk]
    Lead.objects.bulk_update(leads, ["consent", "consent_at"])


def _tell(doings: Iterable[Doing], at: datetime) -> None:
    """Mark each lead once for what it did, and once for each moment that is still to come."""
    news: dict[tuple[int, datetime], datetime] = {}
    for doing in doings:
        when = doing.lead.pk, max(at, doing.occurred_at)
        news[when] = max(doing.occurred_at, news.get(when, doing.occurred_at))
    StaleLead.objects.bulk_create(
        StaleLead(lead_id=lead, due_at=due_at, news_at=news_at) for (lead, due_at), news_at in news.items()
    )
    if any(due_at <= at for _lead, due_at in news):
        bells.ring(settings.ADVANCE_TASK)
