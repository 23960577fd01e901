"""Secret addresses of calendar feeds."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from teams.models import User


class Feed(models.Model):
    """One person's secret address of meetings, reviews and period ends; renewing it makes the old one fall silent."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="feed")
    secret = models.CharField(max_length=64, unique=True)
    renewed_at = models.DateTimeField(default=now)
