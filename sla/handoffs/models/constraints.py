"""What must never be false of a hand-off, as the database holds it, and by what it is found."""

from django.db import models
from django.db.models import F, Q

from sla.handoffs.models.threads import CONSTRAINTS as THREADS
from sla.handoffs.models.threads import INDEXES as OF_THREADS

CONSTRAINTS = [
    *THREADS,
    models.UniqueConstraint(fields=["lead"], condition=Q(answer=""), name="one_open_handoff_per_lead"),
    models.UniqueConstraint(fields=["transition"], condition=Q(replaces=None), name="one_first_offer_per_step"),
    models.CheckConstraint(
        condition=Q(answer="", answered_at=None) | ~Q(answer="") & Q(answered_at__isnull=False),
        name="an_answer_has_a_moment",
    ),
    models.CheckConstraint(
        condition=~Q(answer="rejected") | Q(reason__isnull=False) & (~Q(verdict="") | Q(persona=None)),
        name="a_rejection_has_a_reason_and_a_verdict",
    ),
    models.CheckConstraint(
        condition=Q(given_up_at=None) | Q(answer="accepted", given_up_by__isnull=False, reason__isnull=False),
        name="given_up_only_after_accepted_with_a_reason",
    ),
    models.CheckConstraint(
        condition=Q(answered_at=None) | Q(answered_at__gte=F("offered_at")), name="answered_after_it_was_offered"
    ),
    models.CheckConstraint(
        condition=Q(given_up_at=None) | Q(given_up_at__gte=F("answered_at")), name="given_up_after_it_was_answered"
    ),
]

INDEXES = [
    *OF_THREADS,
    models.Index(fields=["rep", "offered_at"], name="handoff_open", condition=Q(answer="")),
    models.Index(fields=["rep", "-offered_at"], name="handoff_of_rep"),
    models.Index(fields=["answered_at"], name="handoff_answered", condition=~Q(answer="")),
    models.Index(fields=["offered_at"], name="handoff_offered"),
    models.Index(fields=["lead"], name="handoff_of_lead"),
    models.Index(fields=["given_up_at"], name="handoff_given_up", condition=Q(given_up_at__isnull=False)),
]
