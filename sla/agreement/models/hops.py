"""Which hand-offs an agreement opens, and where their answers lead."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from funnel.models import Reason, Stage
from history.edited import edited
from history.frozen import KeepChildrenFrozen
from metrics.changes import watched
from sla.agreement.models.agreements import Agreement
from teams.models import Team, User
from teams.people.standing_in import stand_in


class Hop(models.Model):
    """From which team to which a lead is handed over when it enters a stage, and where the answer moves it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="hops")
    from_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    offering_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    receiving_team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    accepted_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    rejected_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    # Why it may be rejected; empty: for every reason of the list. Keys, no relation, so that they freeze with the row.
    reason_keys = ArrayField(
        models.CharField(max_length=40), verbose_name=_("May be rejected because"), default=list, blank=True
    )
    # Names of the criteria fields that must be filled in before a lead is offered.
    ready_fields = ArrayField(
        models.CharField(max_length=80), verbose_name=_("Filled in before"), default=list, blank=True
    )

    # Since when it is agreed without interruption, and whether the signers of that version chose that leads which stood
    # in its stage before are offered: where a query asks for it.
    offers_from: datetime
    offers_standing: bool

    class Meta:
        ordering = ["from_stage__position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "from_stage"], name="one_hop_per_stage"),
        ]
        triggers = [
            *watched(uncounted="reason_keys ready_fields"),
            KeepChildrenFrozen("agreement", "proposed_at"),
            *edited("agreement from_stage"),
        ]

    def rejection_reasons(self) -> models.QuerySet[Reason]:
        """Why a hand-off may be rejected: the reasons named here, else all of the list."""
        listed = Reason.objects.offered(Reason.Kind.REJECTED)
        named = listed.filter(key__in=self.reason_keys)
        # When every reason that was named has been retired since, a rejection must still be possible.
        return named if self.reason_keys and named.exists() else listed

    def known_rejection_reasons(self) -> list[Reason]:
        """`rejection_reasons`, of those that the page knows."""
        listed = Reason.objects.known_offered(Reason.Kind.REJECTED)
        return [reason for reason in listed if reason.key in self.reason_keys] or listed

    def escalation_contact(self) -> User | None:
        """Whom the agreement names for the receiving team, or the team's head; in place of who left, somebody else."""
        party = self.agreement.parties.filter(team=self.receiving_team_id).select_related("escalates_to").first()
        return stand_in((party and party.escalates_to) or self.receiving_team.head)
