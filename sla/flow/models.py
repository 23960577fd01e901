"""Which company days were begun."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now


class BegunDay(models.Model):
    """A company day whose nightly pass over everyone is finished."""

    day = models.DateField(primary_key=True)
    finished_at = models.DateTimeField(default=now)
