"""Stored weekly reports."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.timezone import now

from history.frozen import KeepFrozen


class WeeklyReport(models.Model):
    """The numbers of one week, as of the moment they were computed."""

    monday = models.DateField(unique=True)
    numbers = models.JSONField()
    computed_at = models.DateTimeField()
    # The database snapshot they were computed from; changes outside it make them stale. Empty: stale.
    seen = models.TextField(blank=True)
    # When time alone would change them.
    good_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-monday"]


class KeptWeek(models.Model):
    """The numbers of a week that is over, as they were seen at its end. Written once, never changed."""

    monday = models.DateField(unique=True)
    numbers = models.JSONField()
    # The end of the week, by the zone of then.
    seen_at = models.DateTimeField()
    # Whenever they were computed: they are those of the end of the week.
    kept_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-monday"]
        triggers = [KeepFrozen("kept_at")]

    @property
    def computed_at(self) -> datetime:
        return self.seen_at
