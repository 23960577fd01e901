"""What reviews looked at."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from history.frozen import KeepFrozen
from sla.models import Review


class KeptReview(models.Model):
    """The numbers of a review that was held, as they were seen then. Written once, never changed."""

    review = models.OneToOneField(Review, models.PROTECT, related_name="kept")
    numbers = models.JSONField()
    # Whenever they were computed: they are those of the moment at which it was held.
    kept_at = models.DateTimeField(default=now)

    class Meta:
        triggers = [KeepFrozen("kept_at")]
