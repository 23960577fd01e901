"""Who works here, and in which roles."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower, Trim
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from smarketing.pages.wording import full_name
from teams.models.organization import valid_time_zone
from teams.models.teams import Team


class Role(models.TextChoices):
    MARKETER = "marketer", _("Marketer")
    SDR = "sdr", _("SDR")
    REP = "rep", _("Sales rep")
    MANAGER = "manager", _("Manager")
    ADMINISTRATOR = "administrator", _("Administrator")


class Theme(models.TextChoices):
    SYSTEM = "", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def with_role(self, *roles: Role) -> Self:
        return self.filter(roles__overlap=[role.value for role in roles])

    def sharing_with(self, person: User) -> Self:
        """That person, the members of their team, and those of the teams that they head."""
        team = Q(team=person.team_id) if person.team_id else Q(pk__in=[])
        return self.filter(Q(pk=person.pk) | Q(team__head=person.pk) | team)

    def with_written_names(self) -> Self:
        """With the name as it is written in either order."""
        return self.annotate(
            given_first=Trim(Concat("given_name", Value(" "), "family_name")),
            family_first=Trim(Concat("family_name", Value(" "), "given_name")),
        )

    def by_written_name(self, names: Collection[str]) -> dict[str, User]:
        """The people whose names were kept as text, by that text: in the order of the page on which it was written."""
        people = self.with_written_names().filter(Q(given_first__in=names) | Q(family_first__in=names))
        orders = ("{0.given_name} {0.family_name}", "{0.family_name} {0.given_name}")
        return {order.format(person).strip(): person for person in people for order in orders}


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def active(self) -> UserQuerySet:
        return self.get_queryset().active()

    def with_role(self, *roles: Role) -> UserQuerySet:
        return self.get_queryset().with_role(*roles)

    def sharing_with(self, person: User) -> UserQuerySet:
        return self.get_queryset().sharing_with(person)

    def by_written_name(self, names: Collection[str]) -> dict[str, User]:
        return self.get_queryset().by_written_name(names) if names else {}

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("roles", [Role.ADMINISTRATOR.value])
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Someone who works here, in one or several roles."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("E-mail"), unique=True)
    family_name = models.CharField(_("Family name"), max_length=60, blank=True)
    given_name = models.CharField(_("Given name"), max_length=60, blank=True)
    roles = ArrayField(models.CharField(max_length=16, choices=Role), verbose_name=_("Roles"), default=list, blank=True)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("Team")
    )
    language = models.CharField(
        _("Language"),
        max_length=8,
        blank=True,
        choices=[("", _("As the browser")), ("en", "English"), ("ja", "日本語")],
    )
    time_zone = models.CharField(
        _("Time zone"), max_length=64, blank=True, validators=[valid_time_zone], help_text=_("Empty: the company's.")
    )
    theme = models.CharField(_("Appearance"), max_length=8, choices=Theme, blank=True)
    # The browser's language, used in mails if the person chose none.
    browser_language = models.CharField(max_length=8, blank=True, editable=False)
    quiet_hours = models.BooleanField(
        _("Quiet hours"),
        default=True,
        help_text=_("Outside your opening hours nothing is sent; it goes out when they begin."),
    )
    # One more ends all sessions of this person.
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    # Since when mail to this person's address fails, and the server's answer.
    unreachable_since = models.DateTimeField(null=True, editable=False)
    unreachable_because = models.CharField(max_length=300, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_person_per_email"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=[role.value for role in Role]), name="roles_are_known"
            ),
        ]
        triggers = edited(
            "family_name given_name email",
            masked="password",
            unkept="last_login date_joined browser_language session_generation unreachable_since unreachable_because",
        )

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def get_session_auth_hash(self) -> str:
        return self._of_generation(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return map(self._of_generation, super().get_session_auth_fallback_hash())

    def _of_generation(self, digest: str) -> str:
        if not self.session_generation:
            return digest
        return salted_hmac("teams.models.users", f"{digest}:{self.session_generation}", algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return full_name(self.given_name, self.family_name)

    def get_short_name(self) -> str:
        return self.given_name or self.email

    def has_role(self, *roles: Role) -> bool:
        return bool({role.value for role in roles} & set(self.roles))

    @property
    def role_names(self) -> list[str]:
        return [str(Role(role).label) for role in Role.values if role in self.roles]

    @property
    def zone(self) -> ZoneInfo | None:
        """The person's own time zone, or None to use the company's."""
        return ZoneInfo(self.time_zone) if self.time_zone else None

    @property
    def spoken(self) -> str:
        """The language of mails to this person: the chosen one, else that of the last browser."""
        return self.language or self.browser_language or settings.LANGUAGE_CODE

    def mail_failed(self, because: str, *, at: datetime) -> bool:
        """Mark this person's address as unreachable. Returns whether it was reachable before."""
        reachable = User.objects.filter(pk=self.pk, email=self.email, unreachable_since=None)
        return bool(reachable.update(unreachable_since=at, unreachable_because=because[:300]))

    def mail_arrived(self) -> None:
        if self.unreachable_since:
            User.objects.filter(pk=self.pk).update(unreachable_since=None, unreachable_because="")
