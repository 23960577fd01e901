"""The history of a deal: a ledger like that of a journey.

Rows are of three strands, and each strand is in the order of (at, id): what came of it (opened, won, lost, reopened),
where it stood (opened, moved), and its terms (opened, changed). A row says what held from then on in its strands, so
that the state at any moment is the last row of each. The columns of the deal are its last rows.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, Max, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from funnel.models.deal_stages import DealStage
from funnel.models.stages import Reason
from history.models import Change
from history.recording import RecordedAt
from metrics.changes import watched
from smarketing.currencies import DIGITS, MOST_DECIMALS
from teams.models import User

# What a deal is about, as its terms say: rows that open or change it keep all of them.
TERMS = ("kind", "amount", "currency", "expected_close_on", "owner")


class OpportunityStepQuerySet(models.QuerySet["OpportunityStep"]):
    def outcomes(self) -> Self:
        return self.filter(what__in=OpportunityStep.OUTCOMES)

    def terms(self) -> Self:
        return self.filter(what__in=OpportunityStep.CHANGES)

    def last_of_strand(self, strand: tuple[OpportunityStep.What, ...], *, before: datetime) -> Self:
        """Of these rows, the last of each deal in that strand before a moment."""
        rows = self.filter(what__in=strand, at__lt=before)
        follows = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
        return rows.filter(~Exists(rows.filter(follows, opportunity=OuterRef("opportunity"))))

    def write(
        self,
        deal: int,
        what: OpportunityStep.What,
        *,
        at: datetime,
        by: User | None,
        how: str,
        day: date | None = None,
        **said: Any,
    ) -> OpportunityStep:
        """Write a row of the deal with that id, never before the last of its strands."""
        if what in (OpportunityStep.What.WON, OpportunityStep.What.LOST):
            self._begin_by(deal, at, day, by=by, how=how)
        strands = {each for strand in OpportunityStep.STRANDS if what in strand for each in strand}
        last = self.filter(opportunity=deal, what__in=strands).aggregate(last=Max("at"))["last"]
        moment = max(at, last) if last else at
        return self.create(opportunity_id=deal, what=what, at=moment, day=day, by=by, how=how, **said)

    def _begin_by(self, deal: int, at: datetime, day: date | None, *, by: User | None, how: str) -> None:
        """A deal of which nobody knows when it was opened begins when we were told of it: one that was decided before
        began by then. It is a correction, and kept as one."""
        for begun in self.filter(opportunity=deal, what=OpportunityStep.What.OPENED, at__gt=at):
            Change.objects.write(OpportunityStep.SUBJECT, begun.pk, {"at": (begun.at, at)}, at=now(), by=by, how=how)
            self.filter(pk=begun.pk).update(at=at, day=day)


class OpportunityStep(models.Model):
    """One thing that happened to one deal. Written by the verbs of the deal and by imports, and never changed but by a
    correction, which is itself a row of history."""

    class What(models.TextChoices):
        OPENED = "opened", pgettext_lazy("what happened to a deal", "Opened")
        MOVED = "moved", _("Moved")
        CHANGED = "changed", _("Changed")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        REOPENED = "reopened", _("Reopened")

    OUTCOMES = (What.OPENED, What.WON, What.LOST, What.REOPENED)
    MOVES = (What.OPENED, What.MOVED)
    CHANGES = (What.OPENED, What.CHANGED)
    STRANDS = (OUTCOMES, MOVES, CHANGES)
    # By this name history keeps corrections.
    SUBJECT = "opportunity_step"

    opportunity = models.ForeignKey("funnel.Opportunity", models.CASCADE, related_name="steps", db_index=False)
    what = models.CharField(max_length=8, choices=What)
    at = models.DateTimeField(default=now)
    # The company day, where only that is known.
    day = models.DateField(null=True)
    recorded_at = RecordedAt(of="at")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    # By which way, as history says it: a page, the API, an import.
    how = models.CharField(max_length=80, blank=True)
    # Where it stood from then on.
    stage = models.ForeignKey(DealStage, models.PROTECT, null=True, related_name="+", db_index=False)
    # Its terms from then on.
    kind = models.CharField(max_length=10, blank=True)
    amount = models.DecimalField(max_digits=DIGITS, decimal_places=MOST_DECIMALS, null=True)
    currency = models.CharField(max_length=3, blank=True)
    expected_close_on = models.DateField(null=True)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    # Why it was won or lost, and in words: also why it was reopened.
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+", db_index=False)
    text = models.CharField(max_length=300, blank=True)

    objects = OpportunityStepQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["opportunity", "at"], name="step_of_deal"),
            models.Index(fields=["what", "at"], name="step_of_deals"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["opportunity"], condition=Q(what="opened"), name="a_deal_is_opened_once"),
            models.CheckConstraint(
                condition=Q(what__in=("opened", "changed")) & ~Q(kind="")
                | ~Q(what__in=("opened", "changed")) & Q(kind=""),
                name="only_a_row_of_terms_has_terms",
            ),
        ]
        triggers = watched(uncounted="by how text day")

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d}"
