"""What changed: the past of every record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.timezone import now


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
