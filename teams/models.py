"""People: who may do what, who is told what, what may come in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar, Self, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from smarketing import wording
from smarketing.wording import full_name


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


def valid_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone. Write one such as Asia/Tokyo."), params={"zone": value})


class Organization(models.Model):
    """The company that runs this Smarketing. One row, made by the first migration."""

    name = models.CharField(_("Name"), max_length=120, blank=True)
    country = models.CharField(
        _("Country"), max_length=2, default="JP", help_text=_("Its holidays close the calendar.")
    )
    time_zone = models.CharField(_("Time zone"), max_length=64, default="Asia/Tokyo", validators=[valid_time_zone])
    currency = models.CharField(_("Currency"), max_length=3, default="JPY")
    is_demo = models.BooleanField(default=False, editable=False)
    demo_built_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there_is_one_organization")]

    def __str__(self) -> str:
        return self.name or "Smarketing"

    @classmethod
    def ours(cls) -> Organization:
        return cls.objects.get_or_create(pk=1)[0]


def stored_time_zone() -> str:
    """Return the company's time zone as the settings page keeps it."""
    return Organization.objects.values_list("time_zone", flat=True).filter(pk=1).first() or "Asia/Tokyo"


class Team(models.Model):
    """Some of us who promise together, under one head."""

    class Kind(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        SDR = "sdr", _("SDR")
        SALES = "sales", _("Sales")
        VENDOR = "vendor", _("Outside vendor")

    name = models.CharField(_("Name"), max_length=80, unique=True)
    name_ja = models.CharField(_("Name in Japanese"), max_length=80, blank=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind)
    head = models.ForeignKey(
        "User", models.PROTECT, null=True, blank=True, related_name="heads", verbose_name=_("Head")
    )

    class Meta:
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name_ja if self.name_ja and get_language() == "ja" else self.name

    @property
    def party(self) -> str:
        """Which of the two hues owns it: marketing's or sales'."""
        return "marketing" if self.kind in (self.Kind.MARKETING, self.Kind.VENDOR) else "sales"


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def with_role(self, *roles: Role) -> Self:
        return self.filter(roles__overlap=[role.value for role in roles])


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def active(self) -> UserQuerySet:
        return self.get_queryset().active()

    def with_role(self, *roles: Role) -> UserQuerySet:
        return self.get_queryset().with_role(*roles)

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
    # The language of the browser, where the person chose none: letters have no browser to ask.
    browser_language = models.CharField(max_length=8, blank=True, editable=False)
    quiet_hours = models.BooleanField(
        _("Quiet hours"),
        default=True,
        help_text=_("Outside your opening hours nothing is sent; it goes out when they begin."),
    )
    # Since when the mail server of this person's address takes nothing, and what it says.
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

    def __str__(self) -> str:
        return self.get_full_name() or self.email

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
        """The language to write to this person in: the chosen one, else that of the browser they last came with."""
        return self.language or self.browser_language or settings.LANGUAGE_CODE

    def mail_failed(self, because: str, *, at: datetime) -> bool:
        """Note that this person's address takes no mail. Returns whether that is news."""
        found = User.objects.filter(pk=self.pk, email=self.email, unreachable_since=None)
        return bool(found.update(unreachable_since=at, unreachable_because=because[:300]))

    def mail_arrived(self) -> None:
        if self.unreachable_since:
            User.objects.filter(pk=self.pk).update(unreachable_since=None, unreachable_because="")


# What the sentences of notices may speak of, beside the lead.
WORDS = ("reason", "number", "file", "team", "fields", "rep", "clause", "day", "person")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self) -> Self:
        return self.filter(read_at=None)

    def undispatched(self) -> Self:
        """Those of which nobody has decided yet by which ways they go out."""
        return self.filter(dispatched_at=None)

    def tell(
        self,
        users: Iterable[User],
        kind: Notice.Kind,
        *,
        about: str,
        params: dict[str, Any] | None = None,
        url: str = "",
        at: datetime | None = None,
    ) -> int:
        """Tell each of `users` once; `about` says of what, so that telling twice is telling once."""
        notices = [
            Notice(user=user, kind=kind, about=about, params=params or {}, url=url, created_at=at or now())
            for user in users
        ]
        before = self.filter(kind=kind, about=about).count()
        self.bulk_create(notices, ignore_conflicts=True)
        return self.filter(kind=kind, about=about).count() - before


class Notice(models.Model):
    """Something one person was told. The words are made when it is read, in the reader's language."""

    class Kind(models.TextChoices):
        OFFERED = "offered", _("A lead is offered to you")
        REMINDER = "reminder", _("A hand-off falls due soon")
        BREACH = "breach", _("A hand-off was not answered in time")
        REJECTED = "rejected", _("A hand-off was rejected")
        TO_SIGN = "to_sign", _("An agreement waits for your signature")
        SENT_BACK = "sent_back", _("A proposed agreement was sent back")
        IN_FORCE = "in_force", _("An agreement was signed by all")
        IMPORT_DONE = "import_done", _("An import is finished")
        UNOFFERED = "unoffered", _("A lead waits and nobody can take it")
        NOT_READY = "not_ready", _("A lead waits because something is not filled in")
        REASSIGNED = "reassigned", _("A hand-off went to somebody else")
        ENDED = "ended", _("A hand-off was accepted or taken back by the rule")
        DISPUTED = "disputed", _("A rejection is disputed")
        SETTLED = "settled", _("A dispute is settled")
        AT_RISK = "at_risk", _("A promise is at risk")
        REVIEW_DUE = "review_due", _("A review is due")
        UNREACHABLE = "unreachable", _("Somebody's e-mail does not arrive")

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind)
    about = models.CharField(max_length=80)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True, blank=True)
    # When it was decided by which other ways it goes out; in the app it is always told.
    dispatched_at = models.DateTimeField(null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "about"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "-created_at"]),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["created_at"], name="notice_undispatched", condition=Q(dispatched_at=None)),
        ]

    @property
    def lead_name(self) -> str:
        full = full_name(self.params.get("given_name") or "", self.params.get("family_name") or "")
        return full or str(self.params.get("email") or _("Lead %(id)s") % {"id": self.params.get("lead", "")})

    @property
    def text(self) -> str:
        """What it says, in the reader's language."""
        said = {
            self.Kind.OFFERED: _("%(lead)s is offered to you."),
            self.Kind.REMINDER: _("%(lead)s still waits for an answer, and falls due soon."),
            self.Kind.BREACH: _("%(lead)s was not answered in time."),
            self.Kind.REJECTED: _("Sales rejected %(lead)s: %(reason)s"),
            self.Kind.TO_SIGN: _("Version %(number)s of the agreement waits for your signature."),
            self.Kind.SENT_BACK: _("%(person)s sent version %(number)s of the agreement back: %(reason)s"),
            self.Kind.IN_FORCE: _("Version %(number)s of the agreement is signed by all."),
            self.Kind.IMPORT_DONE: _("The import of %(file)s is finished."),
            self.Kind.UNOFFERED: _("%(lead)s waits, and nobody of %(team)s can take it."),
            self.Kind.NOT_READY: _("%(lead)s cannot be handed over yet: %(fields)s is not filled in."),
            self.Kind.REASSIGNED: _("%(person)s gave %(lead)s to %(rep)s.")
            if self.params.get("person")
            else _("%(lead)s went to %(rep)s, because it was not answered."),
            self.Kind.ENDED: _("%(lead)s was not answered by %(rep)s, and counts as accepted.")
            if self.params.get("accepted")
            else _("%(lead)s was not answered by %(rep)s, and was taken back."),
            self.Kind.DISPUTED: _("The rejection of %(lead)s is disputed: %(reason)s"),
            self.Kind.SETTLED: _("The rejection of %(lead)s was wrong, it is offered again: %(reason)s")
            if self.params.get("upheld")
            else _("The rejection of %(lead)s stands: %(reason)s"),
            self.Kind.AT_RISK: _("At risk: %(clause)s"),
            self.Kind.REVIEW_DUE: self._review_due(),
            self.Kind.UNREACHABLE: _("%(person)s cannot be reached by e-mail: %(reason)s"),
        }[self.Kind(self.kind)]
        known = dict.fromkeys(WORDS, "") | self.params
        if known["day"]:
            known["day"] = wording.day(date.fromisoformat(known["day"]))
        return str(said % (known | {"lead": self.lead_name}))

    def _review_due(self) -> Promise:
        if self.params.get("whole"):
            if self.params.get("today"):
                return _("Today the whole agreement is reviewed.")
            return _("The review of the whole agreement on %(day)s comes up: prepare it.")
        if self.params.get("today"):
            return _("Today the goals are reviewed.")
        return _("The review of the goals on %(day)s comes up: prepare it.")


class Way(models.TextChoices):
    """How a notice reaches somebody, beside the list in the app."""

    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("My chat")


Kind: TypeAlias = Notice.Kind
# What goes out by a way as long as a person has chosen nothing: by e-mail what somebody waits for, by chat what is
# urgent.
USUAL: dict[Way, frozenset[Kind]] = {
    Way.EMAIL: frozenset(Kind) - {Kind.IMPORT_DONE, Kind.NOT_READY},
    Way.CHAT: frozenset({Kind.OFFERED, Kind.REMINDER, Kind.BREACH, Kind.REASSIGNED, Kind.UNOFFERED}),
}


class NoticeChoiceQuerySet(models.QuerySet["NoticeChoice"]):
    def kinds_of(self, users: Iterable[User]) -> dict[int, dict[Way, set[Kind]]]:
        """Return which kinds each of `users` is told by which way, by the person's id, in one query."""
        told = {user.pk: {way: set(USUAL[way]) for way in Way} for user in users}
        for choice in self.filter(user__in=told):
            kinds = told[choice.user_id][Way(choice.way)]
            (kinds.add if choice.wanted else kinds.discard)(Kind(choice.kind))
        return told

    def choose(self, user: User, wanted: dict[Way, set[Kind]]) -> None:
        """Keep what a person chose, whole. Only what differs from the usual is a row."""
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            self.filter(user=user).delete()
            self.bulk_create(
                NoticeChoice(user=user, kind=kind, way=way, wanted=kind in kinds)
                for way, kinds in wanted.items()
                for kind in sorted(USUAL[way] ^ kinds)
            )


class NoticeChoice(models.Model):
    """One kind of notice that a person wants by a way, or does not, against what is usual."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=20, choices=Notice.Kind)
    way = models.CharField(max_length=8, choices=Way)
    wanted = models.BooleanField()

    objects = NoticeChoiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "way"], name="a_way_is_chosen_once")]


class Scope(models.TextChoices):
    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class TokenQuerySet(models.QuerySet["Token"]):
    def live(self, at: datetime | None = None) -> Self:
        at = at or now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None, user__is_active=True)

    def issue(
        self, user: User, *, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
    ) -> tuple[Token, str]:
        """Make a token and return it with its secret, which is shown once and kept only as a digest."""
        secret = f"smk_{secrets.token_urlsafe(32)}"
        token = self.create(
            user=user, name=name, scopes=sorted(set(scopes)), digest=Token.digest_of(secret), expires_at=expires_at
        )
        return token, secret


class Token(models.Model):
    """A secret by which a program acts as a person."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("Name"), max_length=80)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope), verbose_name=_("Scopes"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField(_("Expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()
