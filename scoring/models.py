"""How well they fit and how keen they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from history.frozen import KeepChildrenFrozen, KeepFrozen
from history.models import Change
from history.versions import DATES, DatedVersion, DatedVersionQuerySet, State, in_force_is_frozen, one_in_force
from leads.models import ActivityKind, Lead
from leads.registering.reevaluation import enqueue_reevaluation
from scoring.formula import DAY, KindPoints, millionths
from scoring.formula import MILLION as MILLION
from teams.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Quadrant(models.TextChoices):
    HOT = "hot", _("Hot")
    NURTURE = "nurture", _("Nurture")
    OPPORTUNISTIC = "opportunistic", _("Opportunistic")
    DROP = "drop", _("Drop")

    @property
    def meaning(self) -> StrPromise | str:
        """What such a lead is. What is done with it is the agreement's to say: `sla.agreement.document.quadrants`."""
        return {
            Quadrant.HOT: _("Who we sell to, and keen."),
            Quadrant.NURTURE: _("Who we sell to, but not keen yet."),
            Quadrant.OPPORTUNISTIC: _("Keen, but not who we sell to."),
            Quadrant.DROP: _("Neither keen nor who we sell to."),
        }[self]

    @property
    def party(self) -> str:
        """Whose it is next; nobody's when dropped."""
        return {"hot": "sales", "nurture": "marketing", "opportunistic": "marketing"}.get(self.value, "")


class ScoreModel(DatedVersion):
    """A published way to turn what leads are and do into fit and interest. Never edited once published."""

    FROZEN_AT = "published_at"
    ONCE_FROZEN = State.PROPOSED

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
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DatedVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            one_in_force("one_score_model_in_force"),
            in_force_is_frozen("a_score_model_in_force_is_published", frozen_at="published_at"),
        ]
        triggers = [KeepFrozen("published_at", *DATES), *edited("number")]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def fit_from(self) -> int:
        """The threshold in millionths, as scores are."""
        return millionths(self.fit_threshold)

    @property
    def interest_from(self) -> int:
        return millionths(self.interest_threshold)

    @transaction.atomic
    def put_in_force(self, *, from_at: datetime) -> None:
        """Publish it where it is not, and put it in force. Raises `Replaced` for one whose time is over."""
        self.freeze()
        super().put_in_force(from_at=from_at)


class FitRule(models.Model):
    """Who a lead is, in points."""

    model = models.ForeignKey(ScoreModel, models.CASCADE, related_name="fit_rules")
    name = models.CharField(_("Name"), max_length=80, blank=True, help_text=_("In a few words: leads in production."))
    position = models.PositiveIntegerField(default=0)
    criteria = models.JSONField(_("Criteria"))
    points = models.DecimalField(_("Points"), max_digits=9, decimal_places=6)

    class Meta:
        ordering = ["position", "pk"]
        triggers = [KeepChildrenFrozen("model", "published_at"), *edited("model name")]

    @property
    def millionths(self) -> int:
        return millionths(self.points)


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
            models.CheckConstraint(condition=Q(cap=None) | Q(cap__gte=0), name="a_cap_is_not_negative"),
        ]
        triggers = [KeepChildrenFrozen("model", "published_at"), *edited("model kind")]

    @property
    def worth(self) -> KindPoints:
        """The rule as the formula takes it."""
        return KindPoints(
            points=millionths(self.points),
            cap=None if self.cap is None else millionths(self.cap),
            half_life_seconds=None if self.half_life_days is None else int(self.half_life_days * DAY),
        )


class Score(models.Model):
    """What a lead is worth on one company day, in a narrow table of its own."""

    class NeedsAReason(ValueError):
        """Who says otherwise than the machine says why."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="score")
    model = models.ForeignKey(ScoreModel, models.PROTECT, related_name="+", db_index=False)
    # Whole millionths, 0 to 100,000,000. Thresholds compare these; pages round them half up, to their own side.
    fit = models.IntegerField(default=0)
    interest = models.IntegerField(default=0)
    machine_quadrant = models.CharField(max_length=13, choices=Quadrant, default=Quadrant.DROP)
    scored_on = models.DateField()
    # When that company day began: another zone makes it another day. Empty: by an earlier version.
    day_began_at = models.DateTimeField(null=True, editable=False)
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
        """The override of a person if there is one, else the computed quadrant."""
        return Quadrant(self.override or self.machine_quadrant)

    def override_quadrant(self, quadrant: Quadrant, *, reason: str, by: User, at: datetime | None = None) -> None:
        """Override the computed quadrant, which goes on being computed. A reason is needed.

        Raises `Score.DoesNotExist` where the lead was merged into another meanwhile.
        """
        if not reason.strip():
            raise self.NeedsAReason
        self._say(Quadrant(quadrant), reason.strip(), by, at or now())

    def clear_override(self, *, by: User, at: datetime | None = None) -> None:
        """Let the machine's quadrant count again."""
        self._say("", "", by, at or now())

    def _say(self, quadrant: Quadrant | str, reason: str, by: User, at: datetime) -> None:
        """Write the override alone (scores may be rewritten at the same moment), and keep what it was."""
        with transaction.atomic():
            before = Score.objects.select_for_update(of=("self",), no_key=True).get(pk=self.pk)
            if (before.override, before.override_reason) == (quadrant, reason):
                return
            self.override, self.override_reason = quadrant, reason
            self.override_by, self.override_at = (by, at) if quadrant else (None, None)
            self.save(update_fields=["override", "override_reason", "override_by", "override_at"])
            changes = {
                "quadrant_override": (before.override, self.override),
                "quadrant_reason": (before.override_reason, self.override_reason),
            }
            Change.objects.write("lead", self.pk, changes, at=at, by=by, how="page")
            enqueue_reevaluation([self.pk], at=at, news_at=at)


class Preview(models.Model):
    """What a draft would make of everybody today, beside what counts now. Made range by range, so that it may take
    its time, and be interrupted."""

    model = models.OneToOneField(ScoreModel, models.CASCADE, related_name="preview")
    at = models.DateTimeField(default=now)
    # Ranges of leads, and those that are done.
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    # How many leads are in which quadrant now and would be then: {"nurture": {"hot": 12}}; "" is without a score.
    counts = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    @property
    def changing(self) -> int:
        return self.moved(lambda before, after: before not in ("", after))

    @property
    def leads(self) -> int:
        return self.moved(lambda before, after: True)

    @property
    def scored_first(self) -> int:
        """Leads that have no score yet."""
        return self.moved(lambda before, after: before == "")

    def moved(self, counts: Callable[[str, str], bool]) -> int:
        return sum(n for before, row in self.counts.items() for after, n in row.items() if counts(before, after))


class PreviewedLead(models.Model):
    """A lead that would change its quadrant."""

    preview = models.ForeignKey(Preview, models.CASCADE, related_name="changes", db_index=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False)
    before = models.CharField(max_length=13, choices=Quadrant)
    after = models.CharField(max_length=13, choices=Quadrant)
    fit_before = models.IntegerField()
    fit_after = models.IntegerField()
    interest_before = models.IntegerField()
    interest_after = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preview", "lead"], name="a_lead_is_previewed_once")]
