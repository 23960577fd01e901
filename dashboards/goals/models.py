"""The goals that both teams share."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from metrics.changes import watched


class Goal(models.Model):
    """What both teams want to reach together in a period."""

    class Measure(models.TextChoices):
        CONTRACTS = "contracts", _("Contracts")
        REVENUE = "revenue", _("Revenue")

    measure = models.CharField(_("What"), max_length=10, choices=Measure)
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("To, exclusive"))
    target = models.DecimalField(_("Target"), max_digits=16, decimal_places=2, validators=[MinValueValidator(0)])
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False)
    set_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-starts_on", "measure"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "starts_on", "ends_on"], name="one_goal_per_measure_and_period"),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="a_goal_ends_after_it_starts"),
        ]
        triggers = watched()
