"""The goals that both teams share."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.models import Opportunity
from history.edited import edited
from metrics.changes import watched
from smarketing.currencies import DIGITS, MOST_DECIMALS


class Goal(models.Model):
    """What both teams want to reach together in a period."""

    class Measure(models.TextChoices):
        CONTRACTS = "contracts", _("Contracts")
        REVENUE = "revenue", _("Revenue")

    measure = models.CharField(_("What"), max_length=10, choices=Measure)
    # New business alone, say; empty: all.
    kind = models.CharField(_("Of which opportunities"), max_length=10, choices=Opportunity.Kind, blank=True)
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("To, exclusive"))
    target = models.DecimalField(
        _("Target"), max_digits=DIGITS, decimal_places=MOST_DECIMALS, validators=[MinValueValidator(0)]
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False)
    set_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-starts_on", "measure"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "kind", "starts_on", "ends_on"], name="one_goal_per_measure_kind_and_period"
            ),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="a_goal_ends_after_it_starts"),
        ]
        triggers = [*watched(uncounted="set_by set_at"), *edited("measure kind starts_on")]

    @property
    def filters(self) -> dict[str, str]:
        """Which contracts count, as the metric takes it."""
        return {"kind": self.kind} if self.kind else {}
