"""Deals: won, they are the contracts that both teams share as their goal."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel.events import (
    OPPORTUNITY_LOST,
    OPPORTUNITY_OPENED,
    OPPORTUNITY_REOPENED,
    OPPORTUNITY_WON,
    OpportunityChanged,
)
from funnel.models.journeys import Journey, Transition
from funnel.models.stages import Reason, Stage, StageRole
from history.events import Event
from leads.models import Lead
from metrics.changes import watched
from teams.models import Organization, User


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
        triggers = watched()

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
            made._emit(OPPORTUNITY_OPENED, at=opened_at)
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
            self._emit(OPPORTUNITY_WON, at=at)

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
            self._emit(OPPORTUNITY_LOST, at=at)

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
            self._emit(OPPORTUNITY_REOPENED, at=at)

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

    def _emit(self, event: Event[OpportunityChanged], *, at: datetime) -> None:
        event.emit(
            {"opportunity": self.pk, "lead": self.lead_id, "amount": self.amount, "currency": self.currency}, at=at
        )
