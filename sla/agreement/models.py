"""The agreement, in versions, and everything that one version names."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.dates import WEEKDAYS
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.models import Definition, Stage
from history import in_force
from leads.models import Persona, PersonaVersion
from scoring.models import DateTimeRange, Quadrant, ScoreModel
from teams.models import Team, User


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self, at: datetime | None = None) -> Self:
        return self.filter(in_force.holding(at or now()))

    def signed(self) -> Self:
        """Signed by every head, in force now, before or later; the newest first."""
        return self.filter(in_force_from__isnull=False)

    def pending(self) -> Self:
        """The draft or the proposal; a constraint allows one at most."""
        return self.filter(in_force_from=None)

    def draft(self) -> Self:
        return self.filter(proposed_at=None)

    def waiting(self) -> Self:
        """Proposed, and not yet signed by all."""
        return self.filter(proposed_at__isnull=False, in_force_from=None)


class Agreement(models.Model):
    """What marketing and sales promised each other, in one version. Once proposed it is never edited;
    once signed by every party's head it holds from a day on, until the next replaces it."""

    class NotReady(Exception):
        """Something is missing before it can be proposed; `missing` lists what, for people."""

        def __init__(self, missing: list[str]) -> None:
            super().__init__("; ".join(missing))
            self.missing = missing

    class Frozen(Exception):
        """It was proposed: it can be signed or taken back, not edited."""

    class NotYours(Exception):
        """Only the head of a party signs for it, once."""

    number = models.PositiveIntegerField(unique=True)
    preamble = models.TextField(_("Preamble"), blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    # The day from which it shall hold; later if the last signature comes later.
    effective_on = models.DateField(_("In force from"), null=True, blank=True)
    score_model = models.ForeignKey(ScoreModel, models.PROTECT, null=True, related_name="agreements")
    score_model_may_change = models.BooleanField(_("Score models may be replaced between agreements"), default=False)
    # The rhythm: goals every month, the whole every so many months, the numbers every week.
    review_months = models.PositiveSmallIntegerField(
        _("The whole is reviewed every"),
        default=6,
        choices=[(3, _("three months")), (6, _("six months")), (12, _("twelve months"))],
    )
    meeting_weekday = models.PositiveSmallIntegerField(
        _("The weekly meeting is on"), default=0, choices=[(day, name) for day, name in WEEKDAYS.items()]
    )
    meeting_at = models.TimeField(_("at"), default=time(9, 30))
    # So many company days after a rejection the other side may still dispute it.
    dispute_days = models.PositiveSmallIntegerField(
        _("A rejection may be disputed within, days"), default=5, validators=[MaxValueValidator(60)]
    )
    # Chosen before signing: qualify all standing leads that match at once, or only those with news.
    qualifies_standing = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    proposed_at = models.DateTimeField(null=True, editable=False)
    in_force_from = models.DateTimeField(null=True, editable=False)
    replaced_at = models.DateTimeField(null=True, editable=False)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            ExclusionConstraint(
                name="one_agreement_in_force",
                expressions=[(DateTimeRange("in_force_from", "replaced_at", RangeBoundary()), RangeOperators.OVERLAPS)],
                condition=Q(in_force_from__isnull=False),
            ),
            models.UniqueConstraint(models.Value(1), condition=Q(in_force_from=None), name="one_agreement_on_its_way"),
            models.CheckConstraint(
                condition=Q(in_force_from=None) | Q(proposed_at__isnull=False), name="in_force_only_after_proposed"
            ),
            # That a proposed agreement and what it names stay as they are is the trigger of migration 0002.
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    def definitions(self) -> list[Definition]:
        """The agreed definitions, in the order of the funnel."""
        agreed = self.agreed_definitions.select_related("definition__stage")
        return [row.definition for row in agreed.order_by("definition__stage__position")]

    def personas(self) -> list[PersonaVersion]:
        """The agreed personas, in the order in which leads are matched."""
        agreed = self.agreed_personas.select_related("version__persona").order_by("position")
        return [row.version for row in agreed]


class AgreedPersona(models.Model):
    """A persona as an agreement words it, in the order in which leads are matched."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="agreed_personas")
    version = models.ForeignKey(PersonaVersion, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "version"], name="a_persona_is_agreed_once"),
        ]


class AgreedDefinition(models.Model):
    """A stage's definition as an agreement words it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="agreed_definitions")
    definition = models.ForeignKey(Definition, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "definition"], name="a_definition_is_agreed_once"),
        ]


class Party(models.Model):
    """A team that is bound by an agreement, and who signs for it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="parties")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    head = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Who is told when a promise of this team is in danger; empty: its head.
    escalates_to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["agreement", "team"], name="a_team_is_party_once")]


class Signature(models.Model):
    """One head's word for one party."""

    party = models.OneToOneField(Party, models.CASCADE, related_name="signature")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    note = models.TextField(_("Note"), blank=True)


class Hop(models.Model):
    """From whom to whom a lead is handed over when it enters a stage, and where the answer leads."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="hops")
    from_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    offering_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    receiving_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    accepted_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    rejected_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    # Why it may be rejected; none named: every reason of the list.
    # Keys of reasons, which stay as they are: so they freeze with the row.
    reason_keys = ArrayField(
        models.CharField(max_length=40), verbose_name=_("May be rejected because"), default=list, blank=True
    )
    # What the receiving team must know of a lead before it is offered one: names of criteria fields.
    ready_fields = ArrayField(
        models.CharField(max_length=80), verbose_name=_("Filled in before"), default=list, blank=True
    )

    class Meta:
        ordering = ["from_stage__position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "from_stage"], name="one_hop_per_stage"),
        ]


class Policy(models.Model):
    """How some hand-offs are kept: by when answered and touched, who gets them, and what happens meanwhile.

    The first of an agreement's policies that matches decides; the last one matches all.
    """

    class GoesTo(models.TextChoices):
        ROUTED = "routed", _("by owner, territory and capacity")
        HEAD = "head", _("to the head of the team")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="policies")
    position = models.PositiveIntegerField()
    # What it is for; nothing named matches everything.
    stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Stage"))
    quadrant = models.CharField(_("Quadrant"), max_length=13, choices=Quadrant, blank=True)
    persona = models.ForeignKey(
        Persona, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Persona")
    )
    source = models.CharField(_("Source"), max_length=120, blank=True)
    answer_within = models.DurationField(_("Answer within"), default=timedelta(hours=4))
    # Counted from the acceptance; empty: no such promise.
    touch_within = models.DurationField(_("First touch within"), null=True, blank=True)
    # The cadence: so many touches in so many open days before a lead may be given up; both or neither.
    touches = models.PositiveSmallIntegerField(_("Touches"), null=True, blank=True, validators=[MinValueValidator(1)])
    touch_days = models.PositiveSmallIntegerField(
        _("Open days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    goes_to = models.CharField(_("Goes"), max_length=6, choices=GoesTo, default=GoesTo.ROUTED)

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

    def covers(self, other: Policy) -> bool:
        """Whether it matches everything that the other one matches."""
        pairs = (
            (self.stage_id, other.stage_id),
            (self.quadrant, other.quadrant),
            (self.persona_id, other.persona_id),
            (self.source, other.source),
        )
        return all(not asked or asked == given for asked, given in pairs)

    @property
    def matches_all(self) -> bool:
        return not (self.stage_id or self.quadrant or self.persona_id or self.source)


class Step(models.Model):
    """What a policy lets happen when so much of a clock's time has passed: once for each clock."""

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
    # Of the clock's open time: 50, 80, 100, and beyond.
    percent = models.PositiveSmallIntegerField(_("At, %"), validators=[MinValueValidator(1), MaxValueValidator(1000)])
    action = models.CharField(_("What happens"), max_length=8, choices=Action)

    class Meta:
        ordering = ["clock", "percent", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "clock", "percent", "action"], name="a_step_is_named_once"),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=1000), name="a_step_has_its_share"),
            # The others end or replace an open hand-off: they belong to its answer, and not before it is due.
            models.CheckConstraint(
                condition=Q(action__in=["remind", "tell"]) | Q(clock="answer", percent__gte=100),
                name="nothing_is_taken_away_before_it_is_due",
            ),
        ]


class Clause(models.Model):
    """One thing that one party promises, in a number: so much of a metric in every period."""

    class Comparator(models.TextChoices):
        AT_LEAST = ">=", _("at least")
        AT_MOST = "<=", _("at most")

    class Every(models.TextChoices):
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")
        QUARTER = "quarter", _("Quarter")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="clauses")
    # The same from version to version, so that a promise has one history.
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
    # Who is told when it is at risk; empty: the head of the team.
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Who looks after it")
    )

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "key"], name="a_clause_is_agreed_once"),
            models.CheckConstraint(condition=Q(target__gte=0), name="a_target_is_not_below_nothing"),
        ]


class Comment(models.Model):
    """What a head asks to be changed at one line, when a proposal is sent back."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="comments")
    # The key of the line in the document, and its words then. Empty: the whole.
    line = models.CharField(max_length=120, blank=True)
    words = models.TextField(blank=True)
    text = models.TextField(_("What should change"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["at", "pk"]
