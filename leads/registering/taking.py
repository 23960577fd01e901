"""A lead that is nobody's becomes somebody's."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from leads.models.leads import Lead
from leads.registering.registration import change
from teams.models import User
from teams.records import is_takeable, lock_editable


class Owned(Exception):
    """It is somebody's: only what is nobody's can be taken."""


def take(lead: Lead, *, by: User, how: str = "", at: datetime | None = None) -> None:
    """Own a lead that nobody owns or works; taking it again changes nothing. Of two who take it at once, one does.

    Raises `Owned`.
    """
    with transaction.atomic():
        locked = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=lead.pk)
        if locked.owner_id == by.pk:
            return
        if not Lead.objects.unmerged().nobodys().filter(pk=lead.pk).exists():
            raise Owned
        change(lead, {"owner": by}, by=by, how=how, at=at, news=False)


def claim(lead: Lead, *, by: User, how: str = "") -> None:
    """Begin to work a lead: what is nobody's is taken. Call inside a transaction, which keeps it locked.

    Raises `OnlyRead` where this person only reads it.
    """
    if is_takeable(lead, by):
        with suppress(Owned):  # taken a moment ago, and so only to be read
            take(lead, by=by, how=how)
    lock_editable(by, lead)
