"""Where they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.models import Outbox
from leads.models import Lead, Named
from scoring.models import DateTimeRange
from teams.models import Team, User


class StageRole(models.TextChoices):
    """What a stage is for, in the order of the funnel."""

    LEAD = "lead", _("Lead")
    MQL = "mql", _("MQL")
    SAL = "sal", _("SAL")
    SQL = "sql", _("SQL")
    OPPORTUNITY = "opportunity", _("Opportunity")
    CUSTOMER = "customer", _("Customer")


class StageQuerySet(models.QuerySet["Stage"]):
    def role(self, role: StageRole | str) -> Stage:
        return self.get(role=role)


class Stage(Named):
    """A step of the shared funnel. The six with a role are always there."""

    role = models.CharField(
        _("Role"), max_length=12, choices=StageRole, null=True, blank=True, unique=True, editable=False
    )
    owner_team = models.CharField(_("Owner"), max_length=10, choices=Team.Kind, default=Team.Kind.MARKETING)
    description = models.TextField(_("Description"), blank=True)
    description_ja = models.TextField(_("Description in Japanese"), blank=True)
    position = models.PositiveIntegerField(_("Order"), unique=True)

    objects = StageQuerySet.as_manager()

    class Meta:
        ordering = ["position"]

    @property
    def party(self) -> str:
        if self.role == StageRole.CUSTOMER:
            return "both"
        return "marketing" if self.owner_team in (Team.Kind.MARKETING, Team.Kind.VENDOR) else "sales"


class Reason(Named):
    """Why something ended as it did, from a list that both teams agreed on."""

    class Kind(models.TextChoices):
        WON = "won", _("Why they bought")
        LOST = "lost", _("Why they did not buy")
        REJECTED = "rejected", _("Why sales rejects a hand-off")
        RECYCLED = "recycled", _("Why a lead goes back to nurture")
        DISQUALIFIED = "disqualified", _("Why a lead is no buyer")

    kind = models.CharField(_("For"), max_length=12, choices=Kind)
    key = models.SlugField(_("Key"), max_length=40)
    position = models.PositiveIntegerField(_("Order"), default=0)
    # "Other" says nothing by itself.
    needs_text = models.BooleanField(_("Needs a word of explanation"), default=False)
    # A lead rejected for this reason is no buyer: its journey is closed rather than recycled.
    disqualifies = models.BooleanField(_("Closes the journey"), default=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["kind", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="reason_key_is_unique")]


class DefinitionQuerySet(models.QuerySet["Definition"]):
    def in_force(self, at: datetime | None = None) -> Self:
        at = at or now()
        return self.filter(Q(replaced_at=None) | Q(replaced_at__gt=at), in_force_from__lte=at)


class Definition(models.Model):
    """What makes a lead MQL, or SQL: one wording. Frozen when proposed, in force when an agreement is."""

    class Frozen(Exception):
        """It was proposed: make the next version."""

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="definitions")
    number = models.PositiveIntegerField()
    text = models.TextField(_("In words"), blank=True)
    criteria = models.JSONField(_("Criteria"), null=True, blank=True)
    # Days a recycled lead must wait before it may qualify again.
    cool_off_days = models.PositiveIntegerField(_("Cool-off in days"), default=60)
    # Chosen by the signer: qualify everyone who stands and matches, or only whoever has news from then on.
    qualifies_standing = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=now, editable=False)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    in_force_from = models.DateTimeField(null=True, blank=True, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DefinitionQuerySet.as_manager()

    class Meta:
        ordering = ["stage", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "number"], name="definitions_are_numbered"),
            models.UniqueConstraint(
                fields=["stage"], condition=Q(frozen_at=None), name="one_draft_definition_per_stage"
            ),
            ExclusionConstraint(
                name="one_definition_in_force_per_stage",
                expressions=[
                    (F("stage"), RangeOperators.EQUAL),
                    (DateTimeRange("in_force_from", "replaced_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(in_force_from__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(in_force_from=None) | Q(frozen_at__isnull=False, criteria__isnull=False),
                name="a_definition_in_force_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} v{self.number}"

    def freeze(self, *, at: datetime | None = None) -> None:
        Definition.objects.filter(pk=self.pk, frozen_at=None).update(frozen_at=at or now())

    def put_in_force(self, *, from_at: datetime, qualifies_standing: bool = False) -> None:
        """Hold from that moment on, in place of the one that held before. Call inside a transaction."""
        current = Definition.objects.filter(stage=self.stage_id, in_force_from__isnull=False, replaced_at=None)
        current.exclude(pk=self.pk).update(replaced_at=from_at)
        Definition.objects.filter(pk=self.pk, in_force_from=None).update(
            in_force_from=from_at, qualifies_standing=qualifies_standing
        )


class Journey(models.Model):
    """Where one lead stands in the funnel. Narrow: it moves often."""

    class Moved(Exception):
        """Someone else moved this journey first."""

    class Closed(Exception):
        """A closed journey is reopened before it moves."""

    class Ended(models.TextChoices):
        DISQUALIFIED = "disqualified", _("Disqualified")
        LOST = "lost", _("Lost")

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="journey")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="journeys", db_index=False)
    entered_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)
    closed_as = models.CharField(max_length=12, choices=Ended, blank=True)
    recycled_at = models.DateTimeField(null=True)
    # A recycled lead sleeps until then, whatever it does.
    wake_at = models.DateTimeField(null=True)
    # The last news of the lead (see StaleLead.news_at), and since when news count (after an import).
    news_at = models.DateTimeField(null=True)
    news_count_from = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["stage", "entered_at"], name="journey_standing", condition=Q(closed_at=None))]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_as="") | Q(closed_at__isnull=False) & ~Q(closed_as=""),
                name="a_closed_journey_says_as_what",
            )
        ]

    def move_to(
        self,
        stage: Stage,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
        definition: Definition | None = None,
        reason: Reason | None = None,
        wake_at: datetime | None = None,
    ) -> Transition:
        """Go to `stage` and write it down. Back to the `lead` stage with a reason is a recycling.

        Raises `Moved` when somebody else moved the journey since it was read, `Closed` when it is closed.
        """
        at = at or now()
        if self.closed_at:
            raise self.Closed
        recycled = stage.role == StageRole.LEAD and self.stage_id != stage.pk
        changed = {"stage": stage, "entered_at": at}
        if recycled:
            changed |= {"recycled_at": at, "wake_at": wake_at}
        with transaction.atomic():
            # Compare and set: of two who move the same lead, one wins.
            still_here = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at=None)
            if not still_here.update(**changed):
                raise self.Moved
            step = self._write(stage, at=at, by=by, how=how, because=because, definition=definition, reason=reason)
        self.stage, self.entered_at = stage, at
        if recycled:
            self.recycled_at, self.wake_at = at, wake_at
        return step

    def close(
        self,
        ended: Ended,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
        reason: Reason | None = None,
    ) -> Transition:
        """End the journey: no buyer, or lost. The stage it stood at stays readable."""
        at = at or now()
        with transaction.atomic():
            still_here = Journey.objects.filter(pk=self.pk, stage=self.stage_id, closed_at=None)
            if not still_here.update(closed_at=at, closed_as=ended):
                raise self.Moved
            step = self._write(None, at=at, by=by, how=how, because=because, reason=reason)
        self.closed_at, self.closed_as = at, ended
        return step

    def reopen(
        self, *, because: str, by: User | None = None, at: datetime | None = None, to: Stage | None = None
    ) -> Transition:
        """Open a closed journey again, at the stage where it ended or at another."""
        at = at or now()
        stage = to or self.stage
        with transaction.atomic():
            closed = Journey.objects.filter(pk=self.pk, closed_at__isnull=False)
            if not closed.update(closed_at=None, closed_as="", stage=stage, entered_at=at):
                raise self.Moved
            step = self._write(stage, at=at, by=by, how=Transition.How.PERSON, because=because, reopened=True)
        self.closed_at, self.closed_as, self.stage, self.entered_at = None, "", stage, at
        return step

    def _write(
        self,
        to_stage: Stage | None,
        *,
        at: datetime,
        by: User | None,
        how: str,
        because: str,
        definition: Definition | None = None,
        reason: Reason | None = None,
        reopened: bool = False,
    ) -> Transition:
        step = Transition.objects.create(
            lead_id=self.pk,
            from_stage_id=None if reopened else self.stage_id,
            to_stage=to_stage,
            at=at,
            by=by,
            how=how,
            because=because,
            definition=definition,
            reason=reason,
        )
        Outbox.objects.put(
            "transition",
            {
                "transition": step.pk,
                "lead": self.pk,
                "from": step.from_stage_id,
                "to": to_stage.pk if to_stage else None,
            },
            at=at,
        )
        return step


class Transition(models.Model):
    """One step of one journey. Written once, never changed: every count of the funnel is a count of these."""

    class How(models.TextChoices):
        MACHINE = "machine", _("by the definition")
        PERSON = "person", _("by a person")
        HANDOFF = "handoff", _("by a hand-off")
        OPPORTUNITY = "opportunity", _("by an opportunity")
        # History: it opens no hand-off and starts no clock.
        IMPORT = "import", _("by an import")
        # The importer asked for it: to be worked like any other.
        IMPORT_LIVE = "import_live", _("by an import, to be worked")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="transitions", db_index=False)
    # No stage to come from: the journey began, or was reopened. No stage to go to: it was closed.
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+", db_index=False)
    to_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="entries", db_index=False)
    at = models.DateTimeField(default=now)
    recorded_at = models.DateTimeField(default=now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    how = models.CharField(max_length=12, choices=How)
    definition = models.ForeignKey(Definition, models.PROTECT, null=True, related_name="transitions")
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+", db_index=False)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "at"], name="transition_of_lead"),
            models.Index(fields=["to_stage", "at"], include=["lead"], name="transition_into_stage"),
        ]


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    def open(self) -> Self:
        return self.filter(won_at=None, lost_at=None)

    def won(self) -> Self:
        """Contracts: won and not reopened."""
        return self.filter(won_at__isnull=False)


class Opportunity(models.Model):
    """A deal with one lead. Won, it is a contract: the goal that both teams share."""

    class Kind(models.TextChoices):
        NEW = "new", _("New business")
        UP_SELL = "up_sell", _("Up-sell")
        CROSS_SELL = "cross_sell", _("Cross-sell")

    class Decided(Exception):
        """It was won or lost before."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="opportunities")
    system = models.CharField(max_length=60, blank=True, editable=False)
    external_id = models.CharField(max_length=200, blank=True, editable=False)
    name = models.CharField(_("Name"), max_length=200, blank=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind, default=Kind.NEW)
    amount = models.DecimalField(_("Amount"), max_digits=16, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    opened_at = models.DateTimeField(_("Opened"), null=True, blank=True)
    expected_close_on = models.DateField(_("Expected close"), null=True, blank=True)
    won_at = models.DateTimeField(_("Won"), null=True, blank=True)
    lost_at = models.DateTimeField(_("Lost"), null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True, editable=False)
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Reason")
    )
    # The reason in the words of the system it came from, where it is not on our list.
    reason_text = models.CharField(_("Reason in words"), max_length=300, blank=True)
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="opportunities", verbose_name=_("Owner")
    )
    created_at = models.DateTimeField(default=now, editable=False)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["won_at"], name="opportunity_won", condition=Q(won_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "external_id"], condition=~Q(external_id=""), name="one_opportunity_per_external_id"
            ),
            models.CheckConstraint(condition=Q(won_at=None) | Q(lost_at=None), name="not_both_won_and_lost"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.lead)
