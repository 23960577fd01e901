"""What sales did to reach a lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.models import Change
from leads.activities.recording import forget
from metrics.changes import watched
from sla.events import TOUCH_MADE, TOUCH_UNDONE
from sla.handoffs.models.timers import Timer
from teams.models import User


class Touch(models.Model):
    """What sales did to reach a handed-over lead: an attempt, or a contact, which is an exchange both ways."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        MEETING = "meeting", _("Meeting")
        MESSAGE = "message", _("Message")

    # Where both sides speak, a contact is something that the lead did.
    SPOKEN: ClassVar = (Kind.CALL, Kind.MEETING)
    # Enough to notice a mistake.
    UNDONE_WITHIN: ClassVar = timedelta(minutes=15)

    class TooLate(Exception):
        """It was logged too long ago, by somebody else, or is not the newest."""

    handoff = models.ForeignKey("sla.Handoff", models.CASCADE, related_name="touches")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    # When it was written down, which is what clocks and clauses count.
    at = models.DateTimeField(default=now)
    # When it was done, where that was told and is another moment.
    done_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(_("How"), max_length=7, choices=Kind)
    is_contact = models.BooleanField(_("They answered"), default=False)
    note = models.CharField(_("Note"), max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"], name="touch_at")]
        triggers = watched(uncounted="by done_at kind note")

    def undo(self, *, by: User, at: datetime | None = None) -> None:
        """Undo a touch logged by mistake: the timer that it stopped runs on, and the lead's activity is deleted. The
        history keeps it. Only the newest, by whoever logged it, within `UNDONE_WITHIN`.

        Raises `TooLate`, and `Handoff.Over` once the hand-off is not worked any more.
        """
        with transaction.atomic():
            self.handoff.lock_worked()
            at = at or now()
            if self.by_id != by.pk or at - self.at > self.UNDONE_WITHIN or self != self.handoff.touches.last():
                raise self.TooLate
            if not self.handoff.touches.exclude(pk=self.pk).exists():
                for timer in self.handoff.timers.filter(kind=Timer.Kind.FIRST_TOUCH, stopped_at=self.at):
                    timer.resume()
            if self.is_an_activity:
                forget(self.handoff.lead, self.kind, self.done_at or self.at, at=at)
            changes = {"touch": (f"{self.kind}, contact" if self.is_contact else self.kind, None)}
            Change.objects.write("handoff", self.handoff_id, changes, at=at, by=by, how="undone")
            TOUCH_UNDONE.emit(
                {"touch": self.pk, "handoff": self.handoff_id, "lead": self.handoff.lead_id, "rep": by.pk}, at=at
            )
            self.delete()

    @property
    def is_an_activity(self) -> bool:
        """Whether the lead took part, which is something that the lead did."""
        return self.is_contact and self.kind in Touch.SPOKEN

    def emit(self, *, lead: int, rep: int, at: datetime) -> None:
        """Tell programs outside that it was made."""
        TOUCH_MADE.emit(
            {
                "touch": self.pk,
                "handoff": self.handoff_id,
                "lead": lead,
                "rep": rep,
                "kind": self.kind,
                "contact": self.is_contact,
            },
            at=at,
        )
