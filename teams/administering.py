"""What administrators decide about people: who comes in, who may do what, who leaves. Each decision is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.models import Role, Team, User

SUBJECT = "user"
ATTRIBUTES = ("email", "family_name", "given_name", "roles", "team", "language")
# What else is kept of a person, under a name of its own.
INVITED, WAY_IN, ACTIVE, SECOND_FACTOR = "invited", "way_in", "is_active", "second_factor"


@contextmanager
def administering(by: User) -> Iterator[None]:
    """One after the other: inside, `by` still is an administrator, and so one always remains.

    Raises `PermissionDenied` where another one was quicker to take the role away.
    """
    with transaction.atomic():
        administrators = User.objects.active().with_role(Role.ADMINISTRATOR).select_for_update().order_by("pk")
        if by.pk not in set(administrators.values_list("pk", flat=True)):
            raise PermissionDenied
        yield


def state(person: User) -> dict[str, Any]:
    """What is kept of a person when it changes."""
    own = {name: getattr(person, name) for name in ATTRIBUTES if name not in ("roles", "team")}
    return own | {"roles": sorted(person.roles), "team": person.team_id}


def keep(person: User, changes: Mapping[str, tuple[Any, Any]], *, by: User, at: datetime | None = None) -> None:
    """Write down what somebody changed of a person. The past is a floor beside this one: named, not imported."""
    apps.get_model("history", "Change").objects.write(SUBJECT, person.pk, changes, at=at, by=by, how="page")


def save(person: User, *, by: User, at: datetime | None = None) -> None:
    """Save what was changed of a person, or a new one."""
    at = at or now()
    with administering(by):
        if person.pk is None:
            person.set_unusable_password()
            person.save()
            keep(person, {INVITED: (None, person.email)}, by=by, at=at)
            return
        before = state(User.objects.select_for_update().get(pk=person.pk))
        if person.email != before["email"]:
            # What is known of the old address says nothing of the new one.
            person.unreachable_since, person.unreachable_because = None, ""
        person.save()
        after = state(person)
        keep(person, {name: (old, after[name]) for name, old in before.items() if old != after[name]}, by=by, at=at)


def set_active(person: User, active: bool, *, by: User, at: datetime | None = None) -> bool:
    """Close the door behind somebody, or open it again; what they did stays. Returns whether that changed it."""
    with administering(by):
        changed = User.objects.get_queryset().filter(pk=person.pk, is_active=not active).update(is_active=active)
        if changed:
            keep(person, {ACTIVE: (not active, active)}, by=by, at=at)
    return bool(changed)


def has_second_factor(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person).exists())


def remove_second_factor(person: User, *, by: User, at: datetime | None = None) -> bool:
    """Let somebody in who lost their device. Returns whether there was a second factor."""
    with administering(by):
        removed, _rows = Authenticator.objects.filter(user=person).delete()
        if removed:
            keep(person, {SECOND_FACTOR: (True, False)}, by=by, at=at)
    return bool(removed)


@dataclass(frozen=True)
class Decision:
    """One change of a person, as the person's page says it."""

    at: datetime
    by: User | None
    what: str


LABELS = {field.name: field.verbose_name for field in User._meta.fields if field.name in ATTRIBUTES}
SENTENCES = {
    INVITED: gettext_lazy("Invited as %(new)s"),
    WAY_IN: gettext_lazy("Sent a new link to %(new)s"),
    SECOND_FACTOR: gettext_lazy("Second factor switched off"),
}


def decisions(person: User, most: int = 50) -> list[Decision]:
    """What was decided about a person, the latest first."""
    changes = apps.get_model("history", "Change").objects.of(SUBJECT, person.pk).select_related("by")[:most]
    teams = {team.pk: str(team) for team in Team.objects.all()}
    return [
        Decision(change.at, change.by, _sentence(change.field, change.old, change.new, teams)) for change in changes
    ]


def _sentence(field: str, old: Any, new: Any, teams: Mapping[int, str]) -> str:
    if field == ACTIVE:
        return _("Let in again") if new else _("Sign-in stopped")
    if field in SENTENCES:
        return str(SENTENCES[field] % {"new": new})
    values = {"label": LABELS.get(field, field), "old": _said(field, old, teams), "new": _said(field, new, teams)}
    return _("%(label)s: %(old)s → %(new)s") % values


def _said(field: str, value: Any, teams: Mapping[int, str]) -> str:
    if field == "roles":
        return _(", ").join(str(Role(role).label) for role in Role.values if role in (value or ())) or "–"
    if field == "team":
        return teams.get(value) or ("–" if value is None else _("a team that is gone"))
    return str(value or "–")
