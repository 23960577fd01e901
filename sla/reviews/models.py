"""What the promises came to, and the reviews at which both sides look at them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from sla.agreement.models.agreements import Agreement
from teams.models import User


class Review(models.Model):
    """One of the reviews that the agreement's rhythm calls for, and what was decided there."""

    class Kind(models.TextChoices):
        GOALS = "goals", _("Goals of the month")
        WHOLE = "whole", _("The whole agreement")

    class Held(Exception):
        """It was held: what it decided stays."""

    kind = models.CharField(max_length=5, choices=Kind)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="reviews")
    due_on = models.DateField()
    # The days that it looks back on.
    starts_on = models.DateField()
    ends_on = models.DateField()
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    notes = models.TextField(_("Notes"), blank=True)

    class Meta:
        ordering = ["-due_on", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "due_on"], name="one_review_of_a_kind_per_day"),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="a_review_looks_back"),
        ]

    @property
    def last_day(self) -> date:
        return self.ends_on - timedelta(days=1)

    def hold(self, *, by: User, at: datetime | None = None) -> None:
        """It took place. Of two who say so one wins. Raises `Held`."""
        found = Review.objects.filter(pk=self.pk, held_at=None).update(held_at=at or now(), held_by=by)
        if not found:
            raise self.Held
        self.refresh_from_db()

    def note(self, text: str) -> None:
        """Write down what was said. Raises `Held`."""
        if not Review.objects.filter(pk=self.pk, held_at=None).update(notes=text):
            raise self.Held

    def decide(self, text: str, *, by: User, clause: UUID | None = None, at: datetime | None = None) -> Decision:
        """Write one decision down. Raises `Held`."""
        with transaction.atomic():
            self._still_open()
            return Decision.objects.create(review=self, text=text, clause=clause, by=by, at=at or now())

    def take_back(self, decision: Decision) -> None:
        """Strike a decision out again. Raises `Held`."""
        with transaction.atomic():
            self._still_open()
            self.decisions.filter(pk=decision.pk).delete()

    def _still_open(self) -> None:
        if not Review.objects.select_for_update().filter(pk=self.pk, held_at=None).values_list("pk").first():
            raise self.Held


class Decision(models.Model):
    """One thing that a review decided; the next draft starts from them."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="decisions")
    text = models.CharField(_("Decision"), max_length=500)
    # The key of the clause that it is about, if one.
    clause = models.UUIDField(null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    # The draft that took it up.
    draft = models.ForeignKey(Agreement, models.SET_NULL, null=True, blank=True, related_name="decisions")

    class Meta:
        ordering = ["pk"]
