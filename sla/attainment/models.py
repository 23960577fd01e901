"""The attainment of clauses, period by period."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sla.agreement.models.clauses import Clause


class Attainment(models.Model):
    """The value of one clause in one period, as computed last, and as it was when first met or missed."""

    class State(models.TextChoices):
        MET = "met", _("Met")
        ON_TRACK = "on_track", _("On track")
        AT_RISK = "at_risk", _("At risk")
        BEHIND = "behind", _("Behind")
        MISSED = "missed", _("Missed")
        MATURING = "maturing", _("Maturing")
        NO_DATA = "no_data", _("No data")

    clause = models.ForeignKey(Clause, models.CASCADE, related_name="attainments")
    starts_on = models.DateField()
    ends_on = models.DateField()
    numerator = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    # None: a count.
    denominator = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    value = models.FloatField(null=True)
    state = models.CharField(max_length=8, choices=State)
    computed_at = models.DateTimeField()
    # Since when somebody waits for it to be computed again.
    asked_at = models.DateTimeField(null=True)
    # When it was first decided (met or missed), and as what: a late fact may change the value, and then it is shown.
    decided_at = models.DateTimeField(null=True)
    decided_value = models.FloatField(null=True)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["clause", "starts_on"], name="one_attainment_per_clause_and_period"),
        ]
        indexes = [models.Index(fields=["asked_at"], name="attainment_asked", condition=Q(asked_at__isnull=False))]
