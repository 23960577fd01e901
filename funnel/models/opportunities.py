"""Deals: won, they are the contracts that both teams share as their goal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from funnel import events
from funnel.models.deal_constraints import CONSTRAINTS
from funnel.models.deal_stages import DealStage
from funnel.models.journeys import Journey, Transition
from funnel.models.opportunity_steps import TERMS, OpportunityStep
from funnel.models.stages import Reason, Stage, StageRole
from funnel.models.when import When
from history.edited import edited
from history.events import Event
from history.models import Change
from history.recording import RecordedAt
from leads.models import Lead
from metrics.changes import watched
from smarketing.company import day_of
from smarketing.currencies import DIGITS, MOST_DECIMALS, in_currency
from teams.models import Organization, User
from teams.records import RecordQuerySet


class OpportunityQuerySet(RecordQuerySet["Opportunity"]):
    kind = "opportunity"
    refusal = _(
        "You may read this opportunity. Its owner, their team and managers may change it; where it has no owner, also"
        " marketing."
    )

    def lock(self) -> None:
        """Their leads and those leads' journeys first."""
        for deal in self.select_related("lead").order_by("lead", "pk"):
            Journey.of(deal.lead)
        super().lock()

    def open(self) -> Self:
        return self.filter(won_at=None, lost_at=None)

    def won(self) -> Self:
        """Contracts: won and not reopened."""
        return self.filter(won_at__isnull=False)

    def new_business(self) -> Self:
        """Those that move the journey of their lead."""
        return self.filter(kind=Opportunity.Kind.NEW)


class Opportunity(models.Model):
    """A deal with one lead. Won, it is a contract: the goal that both teams share.

    Its history is a ledger (`OpportunityStep`), which begins with the deal: the columns are its last rows. Only the
    verbs and imports write either, and both together.
    """

    class Kind(models.TextChoices):
        NEW = "new", _("New business")
        UP_SELL = "up_sell", _("Up-sell")
        CROSS_SELL = "cross_sell", _("Cross-sell")

    class Owned(Exception):
        """It is somebody's: only what is nobody's can be taken."""

    class Decided(Exception):
        """It was won or lost before."""

    class BeforeOpened(Exception):
        """No deal is won or lost before it was opened."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="opportunities")
    system = models.CharField(max_length=60, blank=True, editable=False)
    external_id = models.CharField(max_length=200, blank=True, editable=False)
    name = models.CharField(_("Name"), max_length=200, blank=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind, default=Kind.NEW)
    amount = models.DecimalField(_("Amount"), max_digits=DIGITS, decimal_places=MOST_DECIMALS, null=True, blank=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    opened_at = models.DateTimeField(_("Opened"), null=True, blank=True)
    expected_close_on = models.DateField(_("Expected close"), null=True, blank=True)
    won_at = models.DateTimeField(_("Won"), null=True, blank=True)
    lost_at = models.DateTimeField(_("Lost"), null=True, blank=True)
    # The company days of these moments, where only they are known.
    opened_on = models.DateField(_("Opened on"), null=True, editable=False)
    won_on = models.DateField(_("Won on"), null=True, editable=False)
    lost_on = models.DateField(_("Lost on"), null=True, editable=False)
    reopened_at = models.DateTimeField(null=True, blank=True, editable=False)
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Reason")
    )
    # The reason in the words of the system it came from, where it is not on our list.
    reason_text = models.CharField(_("Reason in words"), max_length=300, blank=True)
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="opportunities", verbose_name=_("Owner")
    )
    # Empty: not known, as of a deal of before there were stages.
    stage = models.ForeignKey(
        DealStage, models.PROTECT, null=True, blank=True, related_name="opportunities", verbose_name=_("Stage")
    )
    created_at = models.DateTimeField(default=now, editable=False)
    recorded_at = RecordedAt(of="opened_at")
    # Of rows asked `with_rights_of()` somebody.
    is_editable: bool
    is_takeable: bool

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["won_at"], name="opportunity_won", condition=Q(won_at__isnull=False)),
        ]
        constraints = CONSTRAINTS
        triggers = [
            *watched(uncounted="system external_id name reason_text created_at recorded_at opened_on won_on lost_on"),
            *edited("lead name", unkept="created_at recorded_at"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.lead)

    @property
    def is_open(self) -> bool:
        return self.won_at is None and self.lost_at is None

    @property
    def open_since(self) -> datetime | None:
        """Since when it is open, or was before it was decided."""
        return max(filter(None, (self.opened_at, self.reopened_at)), default=None)

    @property
    def moves_journey(self) -> bool:
        """Only new business does: a customer who is offered more stays one, whatever comes of it."""
        return self.kind == self.Kind.NEW

    @property
    def terms(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TERMS}

    def save(self, *args: Any, by: User | None = None, how: str = "", **kwargs: Any) -> None:
        """A new deal begins its ledger, with what it says of its past."""
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new:
                self._begin_history(by=by, how=how)

    def _begin_history(self, *, by: User | None, how: str) -> None:
        decided_at, decided_on = self.won_at or self.lost_at, self.won_on or self.lost_on
        opened_at = self.opened_at or decided_at or self.reopened_at or self.created_at
        opened_on = self.opened_on if self.opened_at else decided_on
        told: dict[str, Any] = {"by": by, "how": how}
        self._write(OpportunityStep.What.OPENED, at=opened_at, day=opened_on, stage=self.stage, **self.terms, **told)
        if self.reopened_at:
            self._write(OpportunityStep.What.REOPENED, at=self.reopened_at, **told)
        if decided_at:
            what = OpportunityStep.What.WON if self.won_at else OpportunityStep.What.LOST
            told |= {"reason": self.reason, "text": self.reason_text}
            self._write(what, at=decided_at, day=decided_on, **told)

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
        stage: DealStage | None = None,
        opened_at: datetime | None = None,
        opened_on: date | None = None,
        system: str = "",
        external_id: str = "",
        by: User | None = None,
        how: str = "",
    ) -> Opportunity:
        """Begin a deal, at the first stage if none is said: new business takes its lead to the opportunity stage,
        unless it stands there or beyond.

        Where the lead has gone on since `opened_at`, it moves now that we are told.
        """
        with transaction.atomic():
            journey = Journey.of(lead)
            opportunity = Stage.objects.role(StageRole.OPPORTUNITY)
            when = journey.when(opened_at, opened_on, before=opportunity)
            made = cls(
                lead=journey.lead,
                name=name,
                kind=kind,
                amount=amount,
                currency=currency or Organization.ours().currency,
                expected_close_on=expected_close_on,
                owner=owner or by,
                stage=stage or DealStage.objects.offered().first(),
                opened_at=when.at,
                opened_on=when.day,
                system=system,
                external_id=external_id,
            )
            made.save(by=by, how=how)
            made._take_to(journey, StageRole.OPPORTUNITY, because="Opportunity opened", by=by, when=when)
            made._emit(events.OPPORTUNITY_OPENED, at=when.at)
        return made

    def move(self, stage: DealStage, *, by: User | None = None, how: str = "", at: datetime | None = None) -> bool:
        """Take an open deal to another stage; return whether it stood elsewhere. Raises `Decided`."""
        with transaction.atomic():
            self._lock()
            if not self.is_open:
                raise self.Decided
            if self.stage_id == stage.pk:
                return False
            self._set(stage=stage)
            step = self._write(OpportunityStep.What.MOVED, at=at or now(), by=by, how=how, stage=stage)
            self._emit(events.OPPORTUNITY_MOVED, at=step.at)
        return True

    def change(
        self, values: Mapping[str, Any], *, by: User | None = None, how: str = "", at: datetime | None = None
    ) -> list[str]:
        """Give it another name or other terms; return the names of what changed. Its past keeps what they were."""
        if unknown := values.keys() - {"name", *TERMS}:
            raise ValueError(f"a deal has no {', '.join(sorted(unknown))} to change")
        with transaction.atomic():
            self._lock()
            at = at or now()
            before = {name: getattr(self, name) for name, value in values.items() if getattr(self, name) != value}
            if not before:
                return []
            self._set(**{name: values[name] for name in before})
            if "name" in before:
                renamed = {"name": (before["name"], self.name)}
                Change.objects.write("opportunity", self.pk, renamed, at=at, by=by, how=how)
            if before.keys() & set(TERMS):
                self._write(OpportunityStep.What.CHANGED, at=at, by=by, how=how, **self.terms)
            self._emit(events.OPPORTUNITY_CHANGED, at=at)
        return sorted(before)

    def take(self, *, by: User, how: str = "", at: datetime | None = None) -> None:
        """Own a deal that is nobody's; taking it again changes nothing. Of two who take it at once, one does. Raises
        `Owned`."""
        with transaction.atomic():
            self._lock()
            if self.owner_id != by.pk and not Opportunity.objects.nobodys().filter(pk=self.pk).exists():
                raise self.Owned
            self.change({"owner": by}, by=by, how=how, at=at)

    def win(
        self,
        *,
        reason: Reason | None = None,
        text: str = "",
        by: User | None = None,
        how: str = "",
        at: datetime | None = None,
        on: date | None = None,
    ) -> None:
        """A contract: the lead becomes a customer then, at its first; where it has gone on since, now.

        Raises `Decided`, `BeforeOpened`, `Reason.NeedsText`.
        """
        if reason:
            reason.check_for(Reason.Kind.WON, text=text)
        with transaction.atomic():
            journey = self._lock()
            when = self._decided_at(journey, at, on)
            self._decide(won_at=when.at, won_on=when.day, reason=reason, reason_text=text)
            self._write(OpportunityStep.What.WON, **when._asdict(), by=by, how=how, reason=reason, text=text)
            self._take_to(journey, StageRole.CUSTOMER, because="Opportunity won", by=by, when=when)
            self._emit(events.OPPORTUNITY_WON, at=when.at)

    def lose(
        self,
        *,
        reason: Reason | None = None,
        text: str = "",
        by: User | None = None,
        how: str = "",
        at: datetime | None = None,
        on: date | None = None,
    ) -> None:
        """No contract: lost new business closes the journey, unless the lead is a customer or has other such open.

        Raises `Decided`, `BeforeOpened`, `Reason.NeedsText`.
        """
        if reason:
            reason.check_for(Reason.Kind.LOST, text=text)
        with transaction.atomic():
            journey = self._lock()
            when = self._decided_at(journey, at, on)
            self._decide(lost_at=when.at, lost_on=when.day, reason=reason, reason_text=text)
            self._write(OpportunityStep.What.LOST, **when._asdict(), by=by, how=how, reason=reason, text=text)
            because = text or (reason.name_en if reason else "Opportunity lost")
            self._close_lost(journey, because=because, by=by, when=when)
            self._emit(events.OPPORTUNITY_LOST, at=when.at)

    def reopen(self, *, because: str = "", by: User | None = None, how: str = "", at: datetime | None = None) -> None:
        """Take the outcome back: it holds no longer from then on, and did until then. The lead stands at the
        opportunity stage again where this win made it a customer and no other contract holds, or where its journey was
        closed.

        Raises `Decided` when it is open.
        """
        with transaction.atomic():
            journey = self._lock()
            won = When(self.won_at, self.won_on) if self.won_at else None
            decided_at = self.won_at or self.lost_at
            if decided_at is None:
                raise self.Decided
            at = max(at or now(), decided_at)
            nothing = dict.fromkeys(("won_at", "won_on", "lost_at", "lost_on", "reason"))
            self._set(**nothing, reopened_at=at, reason_text="")
            self._write(OpportunityStep.What.REOPENED, at=at, by=by, how=how, text=because)
            self._take_back(journey, won, because=because or "Opportunity reopened", by=by, at=at)
            self._emit(events.OPPORTUNITY_REOPENED, at=at)

    def _lock(self) -> Journey:
        """Lock its lead, the lead's journey and then the deal, and take it as it is now. A merge may have given it to
        another lead."""
        journey = Journey.of(self.lead)
        Opportunity.objects.select_for_update(of=("self",), no_key=True).get(pk=self.pk)
        self.refresh_from_db()
        self.lead = journey.lead
        return journey

    def _decided_at(self, journey: Journey, at: datetime | None, day: date | None) -> When:
        """When an outcome came about: known only to its day, after the lead's steps and the opening of that day."""
        when, open_since = journey.when(at, day, before=Stage.objects.role(StageRole.CUSTOMER)), self.open_since
        if at is None and day is None or open_since is None or when.at >= open_since:
            return when
        if when.day is None or day_of(open_since) > when.day:
            raise self.BeforeOpened
        return When(open_since, when.day)

    def _decide(self, **outcome: object) -> None:
        """Of two who decide at once, one wins."""
        if not self.is_open:
            raise self.Decided
        self._set(**outcome)

    def _set(self, **values: object) -> None:
        Opportunity.objects.filter(pk=self.pk).update(**values)
        for name, value in values.items():
            setattr(self, name, value)

    def _write(self, what: OpportunityStep.What, **said: Any) -> OpportunityStep:
        return OpportunityStep.objects.write(self.pk, what, **said)

    def _take_to(self, journey: Journey, role: StageRole, *, because: str, by: User | None, when: When) -> None:
        if not self.moves_journey:
            return
        stage = Stage.objects.role(role)
        step: dict[str, Any] = {"because": because, "by": by, "how": Transition.How.OPPORTUNITY}
        if journey.closed_at:
            journey.reopen(to=stage, **step, **journey.moved(when)._asdict())
        elif journey.stage.position < stage.position:
            journey.move_to(stage, **step, **journey.moved(when)._asdict())

    def _close_lost(self, journey: Journey, *, because: str, by: User | None, when: When) -> None:
        if not self.moves_journey or self._others().filter(lost_at=None).exists():
            return
        if not journey.closed_at and not journey.is_customer:
            step: dict[str, Any] = {"because": because, "by": by, "how": Transition.How.OPPORTUNITY}
            journey.close(Journey.Ended.LOST, reason=self.reason, **step, **journey.moved(when)._asdict())

    def _take_back(self, journey: Journey, won: When | None, *, because: str, by: User | None, at: datetime) -> None:
        if not self.moves_journey or self._others().won().exists():
            return
        if not journey.closed_at and won and journey.is_customer_by_win(won):
            stage = Stage.objects.role(StageRole.OPPORTUNITY)
            journey.move_to(stage, because=because, by=by, at=at, how=Transition.How.OPPORTUNITY)
        else:
            self._take_to(journey, StageRole.OPPORTUNITY, because=because, by=by, when=When(at))

    def _others(self) -> OpportunityQuerySet:
        """The other deals that move the same journey."""
        return Opportunity.objects.new_business().filter(lead=self.lead_id).exclude(pk=self.pk)

    def _emit(self, event: Event[events.OpportunityChanged], *, at: datetime) -> None:
        amount = None if self.amount is None else in_currency(Decimal(self.amount), self.currency)
        event.emit({"opportunity": self.pk, "lead": self.lead_id, "amount": amount, "currency": self.currency}, at=at)
