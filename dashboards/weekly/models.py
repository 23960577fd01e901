"""Weeks in numbers, as they were computed."""

from __future__ import annotations

from django.db import models


class WeeklyReport(models.Model):
    """One week's numbers, as they stood when they were computed."""

    monday = models.DateField(unique=True)
    numbers = models.JSONField()
    computed_at = models.DateTimeField()
    # What the database showed when they were computed: what was not seen then makes them stale. Empty: stale.
    seen = models.TextField(blank=True)
    # From when on time alone would change them.
    good_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-monday"]
