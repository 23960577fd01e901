"""Secret URLs of calendar feeds."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from history.edited import edited
from smarketing.database.encrypted import DigestField, EncryptedField
from teams.models import User


class Feed(models.Model):
    """The secret URL of one person's calendar feed. Renewing it revokes the old one."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="feed")
    secret = EncryptedField(max_length=64)
    secret_digest = DigestField(of="secret", unique=True)
    renewed_at = models.DateTimeField(default=now)

    class Meta:
        triggers = edited("user", masked="secret_digest", unkept="secret")
