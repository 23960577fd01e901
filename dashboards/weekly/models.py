"""Stored weekly reports."""

from __future__ import annotations

from django.db import models


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
