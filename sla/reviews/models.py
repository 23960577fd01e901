"""Reviews of the agreement, and what they decide."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from sla.agreement.models.agreements import Agreement
from teams.models import User


class Review(models.Model):
    """One review of the agreement, due in its rhythm, and what was decided there."""

    class Kind(models.TextChoices):
        GOALS = "goals", _("Goals of the month")
        WHOLE = "whole", _("The whole agreement")

    class Held(Exception):
        """It was held: its notes and decisions can no longer be changed."""

    kind = models.CharField(max_length=5, choices=Kind)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="reviews")
    due_on = models.DateField()
    # The period that is reviewed.
    starts_on = models.DateField()
    ends_on = models.DateField()
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    notes = models.TextField(_("Notes"), blank=True)
    # When it was planned, or last moved to another day: what calendars are told.
    changed_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-due_on", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "due_on"], name="one_review_of_a_kind_per_day"),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="a_review_looks_back"),
        ]
        triggers = edited("kind due_on")

    @property
    def last_day(self) -> date:
        return self.ends_on - timedelta(days=1)

    def hold(self, *, by: User, at: datetime | None = None) -> None:
        """Mark it as held. Of two who do so at once only the first succeeds. Raises `Held`."""
        found = Review.objects.filter(pk=self.pk, held_at=None).update(held_at=at or now(), held_by=by)
        if not found:
            raise self.Held
        self.refresh_from_db()

    def write_notes(self, text: str) -> None:
        """Replace the notes. Raises `Held`."""
        if not Review.objects.filter(pk=self.pk, held_at=None).update(notes=text):
            raise self.Held

    def decide(self, text: str, *, by: User, clause: UUID | None = None, at: datetime | None = None) -> Decision:
        """Add a decision. Raises `Held`."""
        with transaction.atomic():
            self._lock_unless_held()
            return Decision.objects.create(review=self, text=text, clause=clause, by=by, at=at or now())

    def remove_decision(self, decision: Decision) -> None:
        """Delete a decision. Raises `Held`."""
        with transaction.atomic():
            self._lock_unless_held()
            self.decisions.filter(pk=decision.pk).delete()

    def _lock_unless_held(self) -> None:
        if not Review.objects.select_for_update().filter(pk=self.pk, held_at=None).values_list("pk").first():
            raise self.Held


class Decision(models.Model):
    """One decision of a review; the next draft of the agreement takes it up."""

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
        triggers = edited("review text")
