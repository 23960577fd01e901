"""What changed: the past of every record. And who is at what now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import ExpressionWrapper, F, Func, Q, TextField
from django.db.models.functions import Cast, Now
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.written import KeepWritten


def sought_text(*columns: str) -> Func:
    """The text in which words are searched for, in capitals: what an index of trigrams holds."""
    texts = [Cast(F(name), TextField()) for name in columns]
    return Func(*texts, function="upper", arg_joiner=" || chr(10) || ", output_field=TextField())


EDIT_TEXT, AUDIT_TEXT = sought_text("about", "changes"), sought_text("name", "about")


class ChangeQuerySet(models.QuerySet["Change"]):
    def of(self, subject: str, subject_id: int) -> ChangeQuerySet:
        return self.filter(subject=subject, subject_id=subject_id).order_by("-at", "-pk")

    def write(
        self,
        subject: str,
        subject_id: int,
        changes: Mapping[str, tuple[Any, Any]],
        *,
        at: datetime | None = None,
        by: Any = None,
        how: str = "",
    ) -> None:
        """Keep `{field: (old, new)}` of one record."""
        at = at or now()
        self.bulk_create(
            Change(subject=subject, subject_id=subject_id, field=field, old=old, new=new, at=at, by=by, how=how)
            for field, (old, new) in changes.items()
        )


class Change(models.Model):
    """One attribute of one record that took another value. Written once: the audit trail, and the past
    that *as of* reads."""

    subject = models.CharField(max_length=16)
    subject_id = models.BigIntegerField()
    field = models.CharField(max_length=80)
    old = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    new = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    at = models.DateTimeField(default=now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # By which way: a page, the API, an import, a merge.
    how = models.CharField(max_length=80, blank=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["subject", "subject_id", "field", "at"])]


class Edit(models.Model):
    """What somebody did to one row of what people edit. Only the triggers of `history.edited` write here."""

    class What(models.TextChoices):
        ADDED = "added", _("Added")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")

    at = models.DateTimeField(editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # By which way: a page, the API, a command, an import; "" for the machine, "database" for whoever goes past us.
    how = models.CharField(max_length=80, blank=True)
    # The label of the model, and the key of the row.
    kind = models.CharField(max_length=60)
    row_id = models.BigIntegerField()
    what = models.CharField(max_length=8, choices=What)
    # The columns by which people know the row, as they were then.
    about = models.JSONField(default=dict)
    # {column: [old, new]}; of a secret []. What was added had no values before, and has them in its row until they
    # change.
    changes = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="edit_at"),
            models.Index(fields=["kind", "at", "id"], name="edit_kind_at"),
            models.Index(fields=["by", "at", "id"], name="edit_by_at"),
            models.Index(fields=["kind", "row_id"], name="edit_deleted", condition=Q(what="deleted")),
            GinIndex(OpClass(EDIT_TEXT, name="gin_trgm_ops"), name="edit_text"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id} {self.what}"


class AuditEntry(models.Model):
    """One sign-in, or one access to what not everybody may do or see. Written once, and only by `history.audit`."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        SIGNED_OUT = "signed_out", _("Signed out")
        WRONG_PASSWORD = "wrong_password", _("Wrong password")
        TOO_MANY_TRIES = "too_many_tries", _("Too many tries")
        WRONG_CODE = "wrong_code", _("Wrong code")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SECOND_FACTOR = "second_factor", _("Second factor changed")
        SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
        TOKEN_MADE = "token_made", _("Token made")
        TOKEN_REVOKED = "token_revoked", _("Token revoked")
        PERMISSIONS = "permissions", _("Permissions changed")
        EXPORTED = "exported", _("Exported")
        READ_BY_TOKEN = "read_by_token", _("Read by a token")
        FEED_READ = "feed_read", _("Calendar feed read")
        FEED_REFUSED = "feed_refused", _("Calendar feed refused")

    at = models.DateTimeField(default=now)
    kind = models.CharField(max_length=24, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # The e-mail that was tried, or the name of the token.
    name = models.CharField(max_length=254, blank=True)
    about = models.CharField(max_length=500, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["kind", "at", "id"], name="audit_kind_at"),
            models.Index(fields=["by", "at", "id"], name="audit_by_at"),
            GinIndex(OpClass(AUDIT_TEXT, name="gin_trgm_ops"), name="audit_text"),
        ]
        triggers = [KeepWritten("at", days=365)]

    def __str__(self) -> str:
        return f"{self.kind} {self.at.isoformat()}"


class Outbox(models.Model):
    """One event that programs outside may want to hear of, kept for a month. Only `history.events` writes here. Taken
    with FOR UPDATE SKIP LOCKED, never by a cursor over ids: sequences commit out of order."""

    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="outbox_untold", condition=Q(told_at=None)),
            # What is old lies at the front: a few pages say where, and cost writers nothing.
            BrinIndex(fields=["at"], name="outbox_at", autosummarize=True),
        ]


class Lease(models.Model):
    """Who is at something that goes on over several transactions. Only `history.leases` writes here."""

    name = models.CharField(max_length=100, primary_key=True)
    # A host, a process and a random number: for people, and different for each time that it is acquired.
    holder = models.CharField(max_length=120)
    # By the clock of the database: the hosts' clocks may differ.
    acquired_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class RestorationQuerySet(models.QuerySet["Restoration"]):
    def unconfirmed(self) -> Self:
        return self.filter(confirmed_at=None)

    def untold(self) -> Self:
        """Unconfirmed, or confirmed a moment ago: what fell due meanwhile is not told yet."""
        return self.filter(told_at=None)


class Restoration(models.Model):
    """One time that these data came back from a backup. Until somebody confirms that they are the real ones, nothing is
    sent, and no clock runs out."""

    backed_up_at = models.DateTimeField()
    restored_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # When what fell due while it stood still was told.
    told_at = models.DateTimeField(null=True, blank=True)

    objects = RestorationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                ExpressionWrapper(Q(told_at__isnull=True), output_field=models.BooleanField()),
                condition=Q(told_at=None),
                name="one_restoration_waits",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="a_copy_is_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(told_at=None) | Q(confirmed_at__isnull=False), name="told_once_it_is_confirmed"
            ),
        ]

    class Confirmed(Exception):
        """Somebody was first."""

    def confirm(self, *, by: Any, at: datetime) -> None:
        """These are the real data: everything goes on. Raises `Confirmed`."""
        mine = Restoration.objects.unconfirmed().filter(pk=self.pk)
        if not mine.update(confirmed_at=at, confirmed_by=by):
            raise self.Confirmed
