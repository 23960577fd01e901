"""How hand-offs are kept: time limits, cadence, routing and escalations."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from funnel.models import Stage
from history.edited import edited
from history.frozen import KeepChildrenFrozen
from leads.models import Persona
from metrics.changes import watched
from scoring.models import Quadrant
from sla.agreement.models.agreements import Agreement


class Policy(models.Model):
    """How some hand-offs go: time to answer and to touch, cadence, who gets them, and which escalations come when.

    The first of an agreement's policies that matches a hand-off applies; the last one matches all.
    """

    class GoesTo(models.TextChoices):
        ROUTED = "routed", _("by owner, territory and capacity")
        HEAD = "head", _("to the head of the team")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="policies")
    position = models.PositiveIntegerField()
    # Which hand-offs it matches; an empty field matches all.
    stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Stage"))
    quadrant = models.CharField(_("Quadrant"), max_length=13, choices=Quadrant, blank=True)
    persona = models.ForeignKey(
        Persona, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Persona")
    )
    source = models.CharField(_("Source"), max_length=120, blank=True)
    answer_within = models.DurationField(_("Answer within"), default=timedelta(hours=4))
    # Counted from the acceptance; empty: no time limit.
    touch_within = models.DurationField(_("First touch within"), null=True, blank=True)
    # The cadence: touches within open days before a lead may be given up; both or neither.
    touches = models.PositiveSmallIntegerField(_("Touches"), null=True, blank=True, validators=[MinValueValidator(1)])
    touch_days = models.PositiveSmallIntegerField(
        _("Open days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    goes_to = models.CharField(_("Goes"), max_length=6, choices=GoesTo, default=GoesTo.ROUTED)
    keeps_company = models.BooleanField(
        _("Further leads of a company go to the rep who works it"), default=True, db_default=True
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "position"], name="policies_are_in_order", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(answer_within__gt=timedelta()), name="an_answer_takes_some_time"),
            models.CheckConstraint(
                condition=Q(touch_within=None) | Q(touch_within__gt=timedelta()), name="a_first_touch_takes_some_time"
            ),
            models.CheckConstraint(
                condition=Q(touches=None, touch_days=None) | Q(touches__gte=1, touch_days__gte=1),
                name="a_cadence_has_touches_and_days",
            ),
        ]
        triggers = [
            *watched(uncounted="position touch_days goes_to keeps_company"),
            KeepChildrenFrozen("agreement", "proposed_at"),
            *edited("agreement position"),
        ]

    def covers(self, other: Policy) -> bool:
        """Whether it matches everything that `other` matches."""
        pairs = (
            (self.stage_id, other.stage_id),
            (self.quadrant, other.quadrant),
            (self.persona_id, other.persona_id),
            (self.source, other.source),
        )
        return all(not own or own == others for own, others in pairs)

    @property
    def matches_all(self) -> bool:
        return not (self.stage_id or self.quadrant or self.persona_id or self.source)


class Step(models.Model):
    """One escalation of a policy: what happens when a share of a timer's time has passed, once a timer."""

    class Clock(models.TextChoices):
        ANSWER = "answer", _("Answer")
        FIRST_TOUCH = "first_touch", _("First touch")

    class Action(models.TextChoices):
        REMIND = "remind", _("remind")
        TELL = "tell", _("tell the manager")
        REASSIGN = "reassign", _("offer it to somebody else")
        ACCEPT = "accept", _("count it as accepted")
        WITHDRAW = "withdraw", _("take it back")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="steps")
    policy = models.ForeignKey(Policy, models.CASCADE, related_name="steps")
    clock = models.CharField(_("Clock"), max_length=11, choices=Clock, default=Clock.ANSWER)
    # Share of the timer's open time: 50, 80, 100, and beyond.
    percent = models.PositiveSmallIntegerField(_("At, %"), validators=[MinValueValidator(1), MaxValueValidator(1000)])
    action = models.CharField(_("What happens"), max_length=8, choices=Action)

    class Meta:
        ordering = ["clock", "percent", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "clock", "percent", "action"], name="a_step_is_named_once"),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=1000), name="a_step_has_its_share"),
            # The other actions end or replace an open hand-off, so they wait until its answer is due.
            models.CheckConstraint(
                condition=Q(action__in=["remind", "tell"]) | Q(clock="answer", percent__gte=100),
                name="nothing_is_taken_away_before_it_is_due",
            ),
        ]
        triggers = [KeepChildrenFrozen("agreement", "proposed_at"), *edited("agreement clock percent")]
