"""What leads did."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from leads.models.names import Named
from smarketing.database.vocabulary import VocabularyQuerySet


class ActivityKind(Named):
    """A kind of thing that leads do."""

    id = models.SmallAutoField(primary_key=True)
    key = models.SlugField(
        _("Key"), max_length=40, unique=True, help_text=_("As imports and the API call it. It stays.")
    )
    # Whether leads do it themselves: not what is done to them, and not what they do to be left alone. Only such is news
    # that wakes a lead that was sent back.
    is_own_doing = models.BooleanField(default=True, editable=False)
    is_built_in = models.BooleanField(default=False, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VocabularyQuerySet["ActivityKind"].as_manager()

    class Meta:
        ordering = ["id"]
        triggers = edited("name_en name_ja")


class Activity(models.Model):
    """One thing a lead did, at one moment, of one kind. Written once."""

    lead = models.ForeignKey("Lead", models.CASCADE, related_name="activities", db_index=False)
    kind = models.ForeignKey(ActivityKind, models.PROTECT, related_name="activities", db_index=False)
    occurred_at = models.DateTimeField()
    properties = models.JSONField(default=dict, blank=True)
    system = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        indexes = [
            # Covering: scores are summed from this index alone.
            models.Index(fields=["lead", "occurred_at"], include=["kind"], name="activity_by_lead"),
            models.Index(fields=["kind", "occurred_at"], name="activity_by_kind"),
        ]


class ActivityIdentity(models.Model):
    """What makes the same activity, sent twice, one: its message id within its system."""

    system = models.CharField(max_length=60)
    message_id = models.CharField(max_length=200)
    activity = models.OneToOneField(Activity, models.CASCADE, related_name="identity")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "message_id"], name="one_activity_per_message")]
