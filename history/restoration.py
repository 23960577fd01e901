"""Whether these data are a copy: they came back from a backup, and nobody has confirmed that they are the real ones.

A copy keeps still: its tasks do nothing (`sla.flow.background`), and what would leave it does not: mails
(`integrations.mail.outgoing`), chats (`integrations.chat.sending`), calendar feeds. The row is made in the transaction
that restores the data, so that no moment lies between the two.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from history.models import Restoration


def unconfirmed() -> Restoration | None:
    """The restoration that waits for somebody to confirm it."""
    return Restoration.objects.unconfirmed().first()


def is_copy() -> bool:
    return Restoration.objects.unconfirmed().exists()


def keeps_still() -> bool:
    """Whether tasks do nothing: also until what fell due meanwhile is told."""
    return Restoration.objects.untold().exists()


def copy_of() -> QuerySet[Restoration, datetime]:
    """Of which moment this is a copy, to be read with something else in one query."""
    return Restoration.objects.unconfirmed().values_list("backed_up_at", flat=True)
