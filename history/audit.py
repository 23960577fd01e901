"""The log of sign-ins and of access: who came in or tried to, who took data out, who changed what others may do.

Rows are only added. The database refuses to change one, and to delete one within a year (migration 0008). What is
written here says what happened, not what was read: no value of a lead is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Func, TextField
from django.utils.timezone import now

from history.models import AuditEntry
from smarketing.company import day_around
from smarketing.database.locks import try_named
from smarketing.requests.browser_names import browser_name
from smarketing.requests.clients import client_address, current_request, network

KEPT_FOR = timedelta(days=365)
# Rows deleted by one statement: long transactions keep others from tidying up.
BATCH = 10_000
Kind = AuditEntry.Kind


def write(
    kind: AuditEntry.Kind, *, by: Any = None, name: str = "", about: str = "", at: datetime | None = None
) -> None:
    """Write down what happens in this request, command or task, in the caller's transaction.

    `by` is who did it, if we know; `name` the e-mail that was tried, or the token; `about` what it was about.
    """
    request = current_request()
    AuditEntry.objects.create(
        kind=kind,
        at=at or now(),
        by=by if getattr(by, "pk", None) else None,
        name=name.replace("\0", "")[:254],
        about=about.replace("\0", "")[:500],
        address=client_address(request) if request else None,
        browser=browser_name(request)[:200] if request else "",
    )


class Network(Func):
    """What counts as one client, as `smarketing.requests.clients.network` says it."""

    template = "host(network(set_masklen(%(expressions)s, CASE family(%(expressions)s) WHEN 6 THEN 64 ELSE 32 END)))"
    output_field = TextField()


def write_once_a_day(kind: AuditEntry.Kind, *, by: Any = None, at: datetime | None = None) -> None:
    """Write down what programs ask for again and again: once a company day for each person and each client."""
    at = at or now()
    request = current_request()
    client = network(client_address(request)) if request else ""
    of_today = AuditEntry.objects.filter(kind=kind, by=by, at__gte=day_around(at)[0]).alias(
        client=Network(F("address"))
    )
    with transaction.atomic():
        # Whoever holds it writes the entry at this moment.
        if try_named(f"{kind} by {by and by.pk} from {client}") and not of_today.filter(client=client).exists():
            write(kind, by=by, at=at)


def delete_expired(*, at: datetime | None = None) -> int:
    """Delete what is older than `KEPT_FOR`, and return how many. Safe to run twice, and at once."""
    expired = AuditEntry.objects.filter(at__lt=(at or now()) - KEPT_FOR)
    deleted = 0
    while True:
        with transaction.atomic():
            batch = list(expired.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
            if not batch:
                return deleted
            deleted += AuditEntry.objects.filter(pk__in=batch).delete()[0]
