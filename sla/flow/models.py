"""Company days whose morning's evaluation is done, and how far the past is filled in."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now


class BegunDay(models.Model):
    """A company day, in one zone, whose evaluation of all leads is finished."""

    # The company's zone then; empty: begun by an earlier version.
    zone = models.CharField(max_length=64, default="", db_default="")
    day = models.DateField()
    finished_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "day"], name="a_day_of_a_zone_begins_once")]


class PastFill(models.Model):
    """How far the steps from before steps kept their moment are filled in (`sla.flow.filling`)."""

    # Ids of steps: the last one there was, and the last one that is done.
    up_to = models.BigIntegerField()
    done_to = models.BigIntegerField(default=0)
    # How many steps tell from where what they keep; `brought_in` by an import, they keep nothing.
    from_handoffs = models.PositiveBigIntegerField(default=0)
    from_history = models.PositiveBigIntegerField(default=0)
    brought_in = models.PositiveBigIntegerField(default=0)
    not_known = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(done_to__lte=F("up_to")), name="no_more_is_filled_than_there_was"),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(done_to=F("up_to")), name="what_is_finished_is_filled_whole"
            ),
        ]

    COUNTS = ("from_handoffs", "from_history", "brought_in", "not_known")

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        return self.done_to / self.up_to

    def advance(self, to: int, counts: Mapping[str, int]) -> bool:
        """Note that the steps up to that one are done, and return whether they are the last."""
        self.done_to = to
        for name in self.COUNTS:
            setattr(self, name, getattr(self, name) + counts.get(name, 0))
        if to == self.up_to:
            self.finished_at = now()
        self.save()
        return self.finished_at is not None
