"""What each party commits to, as a target for a metric."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from history.frozen import KeepChildrenFrozen
from sla.agreement.models.agreements import Agreement
from teams.models import Team, User


class Clause(models.Model):
    """What one party commits to: a target for one metric in every week, month or quarter."""

    class Comparator(models.TextChoices):
        AT_LEAST = ">=", _("at least")
        AT_MOST = "<=", _("at most")

    class Every(models.TextChoices):
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")
        QUARTER = "quarter", _("Quarter")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="clauses")
    # The same in every version of the agreement, so that a clause has one history.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveIntegerField()
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name=_("Who promises"))
    # By its name in the registry of metrics.
    metric = models.CharField(_("What is measured"), max_length=60)
    from_role = models.CharField(_("From stage"), max_length=12, blank=True)
    to_role = models.CharField(_("To stage"), max_length=12, blank=True)
    window_days = models.PositiveIntegerField(
        _("Within days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    comparator = models.CharField(_("Comparator"), max_length=2, choices=Comparator, default=Comparator.AT_LEAST)
    # A share for rates (0.8 = 80 %), seconds for durations.
    target = models.DecimalField(_("Target"), max_digits=18, decimal_places=4, validators=[MinValueValidator(0)])
    every = models.CharField(_("In every"), max_length=7, choices=Every, default=Every.MONTH)
    # {dimension: key}, as the metric takes them.
    filters: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict, blank=True)
    # Who is notified when it is at risk; empty: whom the party names, else the head of the team.
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Who looks after it")
    )

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "key"], name="a_clause_is_agreed_once"),
            models.CheckConstraint(condition=Q(target__gte=0), name="a_target_is_not_below_nothing"),
        ]
        triggers = [KeepChildrenFrozen("agreement", "proposed_at"), *edited("agreement metric")]
