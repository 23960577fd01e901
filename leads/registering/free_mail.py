"""The company says of domains whether they are free mail; the leads there follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection, transaction
from django.utils.timezone import now

from history.models import Change
from leads.models.mail_domains import MailDomain, said_of_domains
from leads.registering.reevaluation import enqueue_reevaluation
from leads.text.free_mail import FREE_MAIL
from smarketing.database.locks import acquire_named
from teams.models import User

SUBJECT = "mail_domain"
FOLLOW = """
UPDATE leads_lead r SET is_free_mail = said.is_free
FROM unnest(%s::text[], %s::boolean[]) said (domain, is_free)
WHERE r.email <> '' AND split_part(r.email_key, '@', -1) = said.domain AND r.is_free_mail <> said.is_free
RETURNING r.id
"""


def say_free_mail(said: Mapping[str, bool], *, by: User, at: datetime | None = None) -> None:
    """Of which domains the company says otherwise than the lists, from now on: all of them, folded."""
    at = at or now()
    with transaction.atomic():
        acquire_named("free mail")
        before = said_of_domains()
        changed = {name for name in before.keys() | said.keys() if before.get(name) != said.get(name)}
        _keep(before, said, changed, by=by, at=at)
        now_free = {name: said.get(name, name in FREE_MAIL) for name in sorted(changed)}
        with connection.cursor() as cursor:
            cursor.execute(FOLLOW, [list(now_free), list(now_free.values())])
            leads = [lead for (lead,) in cursor.fetchall()]
        enqueue_reevaluation(leads, at=at, news_at=None)


def _keep(
    before: Mapping[str, bool], said: Mapping[str, bool], changed: Collection[str], *, by: User, at: datetime
) -> None:
    for name in sorted(changed):
        if name in said:
            row, _made = MailDomain.objects.update_or_create(domain=name, defaults={"is_free": said[name]})
        else:
            row = MailDomain.objects.get(domain=name)
        changes = {"domain": (name if name in before else None, name if name in said else None)}
        told = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        Change.objects.write(
            SUBJECT, row.pk, {**told, "is_free": (before.get(name), said.get(name))}, at=at, by=by, how="page"
        )
        if name not in said:
            row.delete()
