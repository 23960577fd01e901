"""The pages of numbers both teams look at."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


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
