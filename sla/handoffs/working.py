"""Who works a lead by its hand-off, and so may change it."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.models.working import register_work
from sla.handoffs.models.handoffs import Handoff
from teams.models import User


def worked_by_handoff(people: QuerySet[User]) -> Q:
    standing = Handoff.objects.standing().filter(lead=OuterRef("pk"), rep__in=people)
    return Q(Exists(standing))


def register() -> None:
    register_work(worked_by_handoff)
