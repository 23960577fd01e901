"""Where somebody is signed in, and ending that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.timezone import now

from smarketing.requests.browser_names import name_of
from teams.models import User

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


@dataclass(frozen=True)
class SignedIn:
    """One browser that is signed in."""

    pk: int
    browser: str
    address: str
    since: datetime
    is_here: bool


def sessions_of(person: User, here: str | None) -> list[SignedIn]:
    """The browsers in which the person is signed in, the latest first. `here` is the key of this one's session."""
    kept = {each.session_key: each for each in UserSession.objects.filter(user=person)}
    fits = {person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()}
    live = [
        row.session_key
        for row in Session.objects.filter(session_key__in=kept, expire_date__gt=now())
        if row.get_decoded().get(HASH_SESSION_KEY) in fits
    ]
    rows = sorted((kept[key] for key in live), key=lambda row: row.created_at, reverse=True)
    return [SignedIn(row.pk, name_of(row.user_agent), row.ip, row.created_at, row.session_key == here) for row in rows]


def end(person: User, pk: int, here: str | None) -> bool:
    """End one of the person's other sessions. Returns whether there was one."""
    keys = UserSession.objects.filter(user=person, pk=pk).exclude(session_key=here)
    return bool(_delete(list(keys.values_list("session_key", flat=True))))


def end_others(request: HttpRequest, person: User) -> None:
    """End all sessions of the person but this one, also those that nobody wrote down."""
    with transaction.atomic():
        User.objects.get_queryset().filter(pk=person.pk).update(session_generation=F("session_generation") + 1)
        forget(person)
        person.refresh_from_db(fields=["session_generation"])
        update_session_auth_hash(request, person)
        UserSession.objects.create_from_request(request)


def forget(person: User) -> None:
    """Delete what is kept of the person's sessions: after a changed password none of them fits."""
    _delete(list(UserSession.objects.filter(user=person).values_list("session_key", flat=True)))


def _delete(keys: Collection[str]) -> int:
    Session.objects.filter(session_key__in=keys).delete()
    return int(UserSession.objects.filter(session_key__in=keys).delete()[0])
