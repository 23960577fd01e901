"""Where they stand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from history import in_force
from history.models import Outbox
from leads.models import Lead, Named, StaleLead
from scoring.models import DateTimeRange
from smarketing.bells import ring
from teams.models import Organization, Team, User


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

    @transaction.atomic
    def put_after(self, before: Stage, stage: Stage) -> Stage:
        """Save `stage` behind `before` in the list."""
        order = [each for each in self.select_for_update().order_by("position") if each.pk != stage.pk]
        order.insert(1 + next(n for n, each in enumerate(order) if each.pk == before.pk), stage)
        # Positions are unique at every moment: out of the way first, then to their places.
        last = max(each.position for each in order if each is not stage)
        stage.position = last + 1
        stage.save()
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=last + 1 + n * 10)
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=n * 10)
        stage.refresh_from_db()
        return stage


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

    @property
    def has_definition(self) -> bool:
        """Whether a definition may say who belongs here: not where the funnel begins, nor where people decide."""
        return self.role in (None, StageRole.MQL, StageRole.SQL)

    @property
    def in_words(self) -> str:
        return self.description_ja if self.description_ja and get_language() == "ja" else self.description


class ReasonQuerySet(models.QuerySet["Reason"]):
    def offered(self, kind: Reason.Kind | str) -> Self:
        """Those that may be given today, in their order."""
        return self.filter(kind=kind, retired_at=None)

    @transaction.atomic
    def move(self, reason: Reason, *, up: bool) -> None:
        """Put a reason one place higher or lower in its list."""
        order = list(self.select_for_update().filter(kind=reason.kind).order_by("position", "pk"))
        here = order.index(reason)
        there = here - 1 if up else here + 1
        if 0 <= there < len(order):
            order[here], order[there] = order[there], order[here]
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=n * 10)


class Reason(Named):
    """Why something ended as it did, from a list that both teams agreed on."""

    class Kind(models.TextChoices):
        WON = "won", _("Why they bought")
        LOST = "lost", _("Why they did not buy")
        REJECTED = "rejected", _("Why sales rejects a hand-off")
        RECYCLED = "recycled", _("Why a lead goes back to nurture")
        DISQUALIFIED = "disqualified", _("Why a lead is no buyer")

    class NeedsText(Exception):
        """The reason says nothing by itself: a word of explanation is needed."""

    kind = models.CharField(_("For"), max_length=12, choices=Kind)
    key = models.SlugField(_("Key"), max_length=40)
    position = models.PositiveIntegerField(_("Order"), default=0)
    # "Other" says nothing by itself.
    needs_text = models.BooleanField(_("Needs a word of explanation"), default=False)
    # A lead rejected for this reason is no buyer: its journey is closed rather than recycled.
    disqualifies = models.BooleanField(_("Closes the journey"), default=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="reason_key_is_unique")]

    def check_for(self, *kinds: Kind, text: str = "") -> None:
        """Raise `ValueError` for a reason of another list, `NeedsText` for one that wants words and has none."""
        if self.kind not in kinds:
            raise ValueError(f"{self.key} is a reason of another list: {self.kind}")
        if self.needs_text and not text.strip():
            raise self.NeedsText


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
        """Hold from that moment on, in place of the one that would.

        One that holds already goes on as it is. Raises `in_force.Replaced` for one whose time is over.
        """
        of_stage = Definition.objects.filter(stage=self.stage_id, in_force_from__isnull=False)
        in_force.begin(self, of_stage, from_at=from_at, qualifies_standing=qualifies_standing)
        self.refresh_from_db(fields=["in_force_from", "replaced_at", "qualifies_standing"])


class Journey(models.Model):
    """Where one lead stands in the funnel. Narrow: it moves often."""

    class Moved(Exception):
        """Someone else moved this journey first."""

    class Closed(Exception):
        """A closed journey is reopened before it moves."""

    class AlreadyThere(Exception):
        """It stands where it should go: that is no step."""

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

    @classmethod
    def of(cls, lead: Lead) -> Journey:
        """Return the lead's journey, locked, begun where there was none. Call inside a transaction."""
        first = Stage.objects.role(StageRole.LEAD)
        begins = {"stage": first, "entered_at": lead.created_at}
        journey, is_new = cls.objects.get_or_create(lead=lead, defaults=begins)
        if is_new:
            journey._write(first, at=lead.created_at, by=None, how=Transition.How.MACHINE, because="", anew=True)
        return cls.objects.select_for_update().select_related("stage").get(pk=lead.pk)

    def recycle(
        self,
        reason: Reason,
        *,
        text: str = "",
        wake_at: datetime | None = None,
        by: User | None = None,
        at: datetime | None = None,
    ) -> Transition:
        """Back to nurture: the lead sleeps until `wake_at` and may qualify again after the cool-off.

        Raises `Moved`, `Closed`, `AlreadyThere`, `Reason.NeedsText`.
        """
        reason.check_for(Reason.Kind.RECYCLED, Reason.Kind.REJECTED, text=text)
        if self.stage.role == StageRole.LEAD and not self.closed_at:
            raise self.AlreadyThere
        nurture = Stage.objects.role(StageRole.LEAD)
        return self.move_to(nurture, because=text or reason.name_en, by=by, at=at, reason=reason, wake_at=wake_at)

    def disqualify(
        self, reason: Reason, *, text: str = "", by: User | None = None, at: datetime | None = None
    ) -> Transition:
        """No buyer: the journey is closed. Raises `Moved`, `Reason.NeedsText`."""
        reason.check_for(Reason.Kind.DISQUALIFIED, Reason.Kind.REJECTED, text=text)
        return self.close(Journey.Ended.DISQUALIFIED, because=text or reason.name_en, by=by, at=at, reason=reason)

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
        self,
        *,
        because: str,
        by: User | None = None,
        at: datetime | None = None,
        to: Stage | None = None,
        how: Transition.How = "person",  # type: ignore[assignment]
    ) -> Transition:
        """Open a closed journey again, at the stage where it ended or at another."""
        at = at or now()
        stage = to or self.stage
        with transaction.atomic():
            closed = Journey.objects.filter(pk=self.pk, closed_at__isnull=False)
            if not closed.update(closed_at=None, closed_as="", stage=stage, entered_at=at):
                raise self.Moved
            step = self._write(stage, at=at, by=by, how=how, because=because, anew=True)
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
        anew: bool = False,
    ) -> Transition:
        """Write the step down. `anew`: from nowhere, as a journey begins or is opened again."""
        step = Transition.objects.create(
            lead_id=self.pk,
            from_stage_id=None if anew else self.stage_id,
            to_stage=to_stage,
            at=at,
            by=by,
            how=how,
            because=because[:300],
            definition=definition,
            reason=reason,
        )
        if to_stage and how != Transition.How.IMPORT:
            # Who arrives at a stage may be handed over there, or meet the next definition.
            StaleLead.objects.create(lead_id=self.pk, due_at=at)
            ring(settings.ADVANCE_TASK)
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

    @property
    def is_open(self) -> bool:
        return self.won_at is None and self.lost_at is None

    @classmethod
    def open(
        cls,
        lead: Lead,
        *,
        name: str = "",
        kind: Kind = Kind.NEW,
        amount: Decimal | None = None,
        currency: str = "",
        expected_close_on: date | None = None,
        owner: User | None = None,
        opened_at: datetime | None = None,
        by: User | None = None,
    ) -> Opportunity:
        """Begin a deal: its lead enters the opportunity stage then, unless it stands there or beyond."""
        opened_at = opened_at or now()
        with transaction.atomic():
            made = cls.objects.create(
                lead=lead,
                name=name,
                kind=kind,
                amount=amount,
                currency=currency or Organization.ours().currency,
                expected_close_on=expected_close_on,
                owner=owner or by,
                opened_at=opened_at,
            )
            made._take_lead_to(StageRole.OPPORTUNITY, because="Opportunity opened", by=by, at=opened_at)
            made._tell("opportunity_opened", at=opened_at)
        return made

    def win(
        self, *, reason: Reason | None = None, text: str = "", by: User | None = None, at: datetime | None = None
    ) -> None:
        """A contract: the lead becomes a customer then, at its first. Raises `Decided`, `Reason.NeedsText`."""
        at = at or now()
        if reason:
            reason.check_for(Reason.Kind.WON, text=text)
        with transaction.atomic():
            self._decide(won_at=at, reason=reason, reason_text=text)
            self._take_lead_to(StageRole.CUSTOMER, because="Opportunity won", by=by, at=at)
            self._tell("won", at=at)

    def lose(
        self, *, reason: Reason | None = None, text: str = "", by: User | None = None, at: datetime | None = None
    ) -> None:
        """No contract: the journey is closed, unless the lead is a customer or has another deal open.

        Raises `Decided`, `Reason.NeedsText`.
        """
        at = at or now()
        if reason:
            reason.check_for(Reason.Kind.LOST, text=text)
        with transaction.atomic():
            self._decide(lost_at=at, reason=reason, reason_text=text)
            journey = Journey.of(self.lead)
            others = Opportunity.objects.filter(lead=self.lead_id).exclude(pk=self.pk)
            if not journey.closed_at and not others.open().exists() and not others.won().exists():
                because = text or (reason.name_en if reason else "Opportunity lost")
                how = Transition.How.OPPORTUNITY
                journey.close(Journey.Ended.LOST, because=because, by=by, at=at, how=how, reason=reason)
            self._tell("lost", at=at)

    def reopen(self, *, because: str = "", by: User | None = None, at: datetime | None = None) -> None:
        """Take the outcome back: the lead stands at the opportunity stage again, unless another contract holds.

        Raises `Decided` when it is open.
        """
        at = at or now()
        with transaction.atomic():
            decided = Opportunity.objects.filter(pk=self.pk).filter(Q(won_at__isnull=False) | Q(lost_at__isnull=False))
            if not decided.update(won_at=None, lost_at=None, reopened_at=at, reason=None, reason_text=""):
                raise self.Decided
            self.refresh_from_db()
            self._lead_back(because=because or "Opportunity reopened", by=by, at=at)
            self._tell("opportunity_reopened", at=at)

    def _decide(self, **outcome: object) -> None:
        """Compare and set: of two who decide at once, one wins."""
        if not Opportunity.objects.open().filter(pk=self.pk).update(**outcome):
            raise self.Decided
        for name, value in outcome.items():
            setattr(self, name, value)

    def _take_lead_to(self, role: StageRole, *, because: str, by: User | None, at: datetime) -> None:
        journey, stage = Journey.of(self.lead), Stage.objects.role(role)
        how = Transition.How.OPPORTUNITY
        if journey.closed_at:
            journey.reopen(because=because, by=by, at=at, to=stage, how=how)
        elif journey.stage.position < stage.position:
            journey.move_to(stage, because=because, by=by, at=at, how=how)

    def _lead_back(self, *, because: str, by: User | None, at: datetime) -> None:
        if Opportunity.objects.filter(lead=self.lead_id).exclude(pk=self.pk).won().exists():
            return
        journey, stage = Journey.of(self.lead), Stage.objects.role(StageRole.OPPORTUNITY)
        how = Transition.How.OPPORTUNITY
        if journey.closed_at:
            journey.reopen(because=because, by=by, at=at, to=stage, how=how)
        elif journey.stage_id != stage.pk:
            journey.move_to(stage, because=because, by=by, at=at, how=how)

    def _tell(self, kind: str, *, at: datetime) -> None:
        payload = {"opportunity": self.pk, "lead": self.lead_id, "amount": self.amount, "currency": self.currency}
        Outbox.objects.put(kind, payload, at=at)
