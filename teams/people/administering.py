"""What administrators change about people: invitations, attributes, access. Each change is a row of history."""

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

from history import audit
from teams.models import Role, Team, User
from teams.sign_in.finding import forget_addresses

SUBJECT = "user"
ATTRIBUTES = ("email", "family_name", "given_name", "roles", "team", "language")
# Names in the history of what is no attribute.
INVITATION, NEW_LINK, ACTIVE, SECOND_FACTOR = "invited", "way_in", "is_active", "second_factor"
# What changes what a person may do, or how they come in.
PERMISSIONS = frozenset({"email", "roles", "team", INVITATION, NEW_LINK, ACTIVE, SECOND_FACTOR})


@contextmanager
def administering(by: User) -> Iterator[None]:
    """Lock all administrators, so that changes come one after the other and one administrator always remains.

    Raises `PermissionDenied` if `by` is no longer an administrator.
    """
    with transaction.atomic():
        administrators = (
            User.objects.active().with_role(Role.ADMINISTRATOR).select_for_update(no_key=True).order_by("pk")
        )
        if by.pk not in set(administrators.values_list("pk", flat=True)):
            raise PermissionDenied
        yield


def stored_attributes(person: User) -> dict[str, Any]:
    """The attributes of a person as history stores them."""
    own = {name: getattr(person, name) for name in ATTRIBUTES if name not in ("roles", "team")}
    return own | {"roles": sorted(person.roles), "team": person.team_id}


def write_history(
    person: User, changes: Mapping[str, tuple[Any, Any]], *, by: User, at: datetime | None = None
) -> None:
    """Write changes of a person to the history, an app of the same layer, which is therefore not imported."""
    apps.get_model("history", "Change").objects.write(SUBJECT, person.pk, changes, at=at, by=by, how="page")
    if names := [name for name in changes if name in PERMISSIONS]:
        about = ", ".join(f"{name}: {_as_words(changes[name][1])}" for name in names)
        audit.write(audit.Kind.PERMISSIONS, by=by, name=person.email, about=about, at=at)


def _as_words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def save(person: User, *, by: User, at: datetime | None = None) -> None:
    """Save a new or changed person, with its history."""
    at = at or now()
    with administering(by):
        if person.pk is None:
            person.set_unusable_password()
            person.save()
            write_history(person, {INVITATION: (None, person.email)}, by=by, at=at)
            return
        before = stored_attributes(User.objects.select_for_update(no_key=True).get(pk=person.pk))
        if person.email != before["email"]:
            # That the old address was unreachable says nothing about the new one.
            person.unreachable_since, person.unreachable_because = None, ""
            forget_addresses(person)
        person.save()
        after = stored_attributes(person)
        write_history(
            person, {name: (old, after[name]) for name, old in before.items() if old != after[name]}, by=by, at=at
        )


def set_active(person: User, active: bool, *, by: User, at: datetime | None = None) -> bool:
    """Let a person sign in or not; what they did stays. Returns whether that is a change."""
    with administering(by):
        changed = User.objects.get_queryset().filter(pk=person.pk, is_active=not active).update(is_active=active)
        if changed:
            write_history(person, {ACTIVE: (not active, active)}, by=by, at=at)
    return bool(changed)


def has_second_factor(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person).exists())


def remove_second_factor(person: User, *, by: User, at: datetime | None = None) -> bool:
    """Remove the second factor of a person who lost the device. Returns whether there was one."""
    with administering(by):
        removed, _rows = Authenticator.objects.filter(user=person).delete()
        if removed:
            write_history(person, {SECOND_FACTOR: (True, False)}, by=by, at=at)
    return bool(removed)


@dataclass(frozen=True)
class Decision:
    """One change of a person, in words."""

    at: datetime
    by: User | None
    what: str


LABELS = {field.name: field.verbose_name for field in User._meta.fields if field.name in ATTRIBUTES}
SENTENCES = {
    INVITATION: gettext_lazy("Invited as %(new)s"),
    NEW_LINK: gettext_lazy("Sent a new link to %(new)s"),
    SECOND_FACTOR: gettext_lazy("Second factor switched off"),
}


def decisions(person: User, most: int = 50) -> list[Decision]:
    """The changes of a person, the latest first."""
    changes = apps.get_model("history", "Change").objects.of(SUBJECT, person.pk).select_related("by")[:most]
    teams = {team.pk: str(team) for team in Team.objects.all()}
    return [
        Decision(change.at, change.by, _describe_change(change.field, change.old, change.new, teams))
        for change in changes
    ]


def _describe_change(field: str, old: Any, new: Any, teams: Mapping[int, str]) -> str:
    if field == ACTIVE:
        return _("Let in again") if new else _("Sign-in stopped")
    if field in SENTENCES:
        return str(SENTENCES[field] % {"new": new})
    values = {
        "label": LABELS.get(field, field),
        "old": _format_value(field, old, teams),
        "new": _format_value(field, new, teams),
    }
    return _("%(label)s: %(old)s → %(new)s") % values


def _format_value(field: str, value: Any, teams: Mapping[int, str]) -> str:
    if field == "roles":
        return _(", ").join(str(Role(role).label) for role in Role.values if role in (value or ())) or "–"
    if field == "team":
        return teams.get(value) or ("–" if value is None else _("a team that is gone"))
    return str(value or "–")
