"""Disputed rejections."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from metrics.changes import watched
from sla.handoffs.models.handoffs import Handoff
from teams.models import User


class Dispute(models.Model):
    """The offering team does not agree with a rejection; a manager settles it at the weekly review."""

    class TooLate(Exception):
        """The days in which a rejection may be disputed are over."""

    class AlreadyDisputed(Exception):
        """This rejection was disputed before."""

    class AlreadySettled(Exception):
        """This dispute was settled before."""

    class NotRejected(Exception):
        """Only a rejection can be disputed."""

    handoff = models.OneToOneField(Handoff, models.CASCADE, related_name="dispute")
    text = models.TextField(_("Why it should have been accepted"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # True: the rejection was wrong.
    upheld = models.BooleanField(null=True)
    ruling = models.TextField(_("Ruling"), blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at=None, upheld=None, settled_by=None)
                | Q(settled_at__isnull=False, upheld__isnull=False, settled_by__isnull=False),
                name="a_settled_dispute_says_how",
            )
        ]
        indexes = [models.Index(fields=["at"], name="dispute_open", condition=Q(settled_at=None))]
        triggers = watched(uncounted="text by settled_by ruling")
