"""What marketing runs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from metrics.changes import watched


class Campaign(models.Model):
    """Something marketing runs to be found: a channel, with a goal."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    channel = models.CharField(_("Channel"), max_length=80, blank=True)
    goal = models.TextField(_("Goal"), blank=True)
    starts_on = models.DateField(_("Starts"), null=True, blank=True)
    ends_on = models.DateField(_("Ends"), null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")) | Q(starts_on=None) | Q(ends_on=None),
                name="campaign_ends_after_it_starts",
            )
        ]
        triggers = [*watched(uncounted="channel goal starts_on ends_on"), *edited("name")]

    def __str__(self) -> str:
        return self.name
