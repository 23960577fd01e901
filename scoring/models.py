"""How well they fit and how keen they are."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from leads.models import ActivityKind, Lead

# Points are added as whole millionths, so that the order of adding cannot matter.
MILLION = 1_000_000


class DateTimeRange(models.Func):
    """`[from, to)` of two columns, as a range."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


class Quadrant(models.TextChoices):
    HOT = "hot", _("Hot")
    NURTURE = "nurture", _("Nurture")
    OPPORTUNISTIC = "opportunistic", _("Opportunistic")
    DROP = "drop", _("Drop")


class ScoreModelQuerySet(models.QuerySet["ScoreModel"]):
    def in_force(self, at: datetime | None = None) -> Self:
        at = at or now()
        return self.filter(Q(replaced_at=None) | Q(replaced_at__gt=at), in_force_from__lte=at)


class ScoreModel(models.Model):
    """A published way to turn what leads are and do into fit and interest. Never edited once published."""

    class Published(Exception):
        """A published model is replaced, not edited."""

    number = models.PositiveIntegerField(unique=True)
    note = models.CharField(_("What changed"), max_length=200, blank=True)
    fit_threshold = models.DecimalField(
        _("Fit is high from"),
        max_digits=9,
        decimal_places=6,
        default=50,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    interest_threshold = models.DecimalField(
        _("Interest is high from"),
        max_digits=9,
        decimal_places=6,
        default=50,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    in_force_from = models.DateTimeField(null=True, blank=True, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ScoreModelQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            ExclusionConstraint(
                name="one_score_model_in_force",
                expressions=[(DateTimeRange("in_force_from", "replaced_at", RangeBoundary()), RangeOperators.OVERLAPS)],
                condition=Q(in_force_from__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(in_force_from=None) | Q(published_at__isnull=False),
                name="a_score_model_in_force_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    def freeze(self, *, at: datetime | None = None) -> None:
        ScoreModel.objects.filter(pk=self.pk, published_at=None).update(published_at=at or now())

    def put_in_force(self, *, from_at: datetime) -> None:
        """Hold from that moment on, in place of the one that held before. Call inside a transaction."""
        current = ScoreModel.objects.filter(in_force_from__isnull=False, replaced_at=None).exclude(pk=self.pk)
        current.update(replaced_at=from_at)
        ScoreModel.objects.filter(pk=self.pk, in_force_from=None).update(
            in_force_from=from_at, published_at=Coalesce(F("published_at"), now())
        )


class FitRule(models.Model):
    """Who a lead is, in points."""

    model = models.ForeignKey(ScoreModel, models.CASCADE, related_name="fit_rules")
    position = models.PositiveIntegerField(default=0)
    criteria = models.JSONField(_("Criteria"))
    points = models.DecimalField(_("Points"), max_digits=9, decimal_places=6)

    class Meta:
        ordering = ["position", "pk"]


class InterestRule(models.Model):
    """What a lead did, in points that fade."""

    model = models.ForeignKey(ScoreModel, models.CASCADE, related_name="interest_rules")
    kind = models.ForeignKey(ActivityKind, models.PROTECT, related_name="+", verbose_name=_("Activity"))
    points = models.DecimalField(_("Points"), max_digits=9, decimal_places=6)
    cap = models.DecimalField(_("At most"), max_digits=9, decimal_places=6, null=True, blank=True)
    half_life_days = models.DecimalField(
        _("Half-life in days"),
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01)],
    )

    class Meta:
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["model", "kind"], name="one_interest_rule_per_kind"),
            models.CheckConstraint(
                condition=Q(half_life_days=None) | Q(half_life_days__gt=0), name="a_half_life_is_positive"
            ),
        ]


class Score(models.Model):
    """What a lead is worth on one company day, in a narrow table of its own."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="score")
    model = models.ForeignKey(ScoreModel, models.PROTECT, related_name="+", db_index=False)
    # Whole millionths, 0 to 100,000,000. Thresholds compare these; pages show them rounded half up.
    fit = models.IntegerField(default=0)
    interest = models.IntegerField(default=0)
    machine_quadrant = models.CharField(max_length=13, choices=Quadrant, default=Quadrant.DROP)
    scored_on = models.DateField()
    override = models.CharField(_("Quadrant"), max_length=13, choices=Quadrant, blank=True)
    override_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    override_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fit__range=(0, 100 * MILLION), interest__range=(0, 100 * MILLION)),
                name="scores_lie_between_0_and_100",
            ),
            models.CheckConstraint(
                condition=Q(override="") | ~Q(override_reason=""), name="quadrant_override_has_a_reason"
            ),
        ]

    @property
    def quadrant(self) -> Quadrant:
        """What counts: a person's word before the machine's."""
        return Quadrant(self.override or self.machine_quadrant)
