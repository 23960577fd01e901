"""What the database keeps of every deal."""

from __future__ import annotations

from django.db.models import CheckConstraint, F, Q, UniqueConstraint

CONSTRAINTS = [
    UniqueConstraint(
        fields=["system", "external_id"], condition=~Q(external_id=""), name="one_opportunity_per_external_id"
    ),
    CheckConstraint(condition=Q(won_at=None) | Q(lost_at=None), name="not_both_won_and_lost"),
    CheckConstraint(
        condition=Q(opened_at=None)
        | (Q(won_at=None) | Q(won_at__gte=F("opened_at"))) & (Q(lost_at=None) | Q(lost_at__gte=F("opened_at"))),
        name="decided_after_it_was_opened",
    ),
    CheckConstraint(
        condition=(Q(opened_on=None) | Q(opened_at__isnull=False))
        & (Q(won_on=None) | Q(won_at__isnull=False))
        & (Q(lost_on=None) | Q(lost_at__isnull=False)),
        name="a_day_stands_beside_its_moment",
    ),
]
