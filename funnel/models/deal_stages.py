"""The stages of a deal, apart from those of the funnel: how far selling has come."""

from __future__ import annotations

from typing import Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from leads.models import Named
from metrics.changes import watched
from smarketing.database.vocabulary import VocabularyQuerySet


class DealStageQuerySet(VocabularyQuerySet["DealStage"]):
    def offered(self) -> Self:
        """Those that a deal may be moved to today, in their order."""
        return self.filter(retired_at=None)

    def known_offered(self) -> list[DealStage]:
        return [each for each in self.known() if each.retired_at is None]

    @transaction.atomic
    def move(self, stage: DealStage, *, up: bool) -> None:
        """Put a stage one place earlier or later in the list."""
        order = list(self.select_for_update(no_key=True).order_by("position", "pk"))
        here = order.index(stage)
        there = here - 1 if up else here + 1
        if 0 <= there < len(order):
            order[here], order[there] = order[there], order[here]
        for n, each in enumerate(order, 1):
            self.filter(pk=each.pk).update(position=n * 10)


class DealStage(Named):
    """How far selling has come with a deal. Retired, it stays readable wherever a deal stood."""

    key = models.SlugField(_("Key"), max_length=40, unique=True)
    position = models.PositiveIntegerField(_("Order"), default=0)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DealStageQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        triggers = [*watched(uncounted="name_en name_ja retired_at"), *edited("name_en name_ja")]
