"""Who is bound by an agreement, who signed it, and what a head asked to be changed."""

from __future__ import annotations

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from history.frozen import KeepChildrenFrozen
from sla.agreement.models.agreements import Agreement
from smarketing.database.triggers import Call
from teams.models import Team, User

# A signature is given once, by who heads the party then, to a proposal; it is never edited, and never taken back once
# the agreement was signed by all. The function is in migration 0013.
KEPT = Call(
    "keep_signature",
    name="kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
)


class PartyQuerySet(models.QuerySet["Party"]):
    def unsigned(self) -> Self:
        return self.filter(signature=None)

    def signed_for_by(self, user: User) -> Self:
        """Those that this person heads now; of a team without a head, those that name this person."""
        return self.filter(Q(team__head=user) | Q(team__head=None, head=user))


class Party(models.Model):
    """A team that is bound by an agreement, and who signs for it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="parties")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    head = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Who is notified when a clause or a timer of this team is at risk; empty: its head.
    escalates_to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = PartyQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["agreement", "team"], name="a_team_is_party_once")]
        triggers = [KeepChildrenFrozen("agreement", "proposed_at"), *edited("agreement team")]

    @property
    def signer(self) -> User | None:
        """Whose signature it takes now: who heads the team at the moment, else whom the agreement names."""
        return self.team.head or self.head

    @property
    def promiser(self) -> User | None:
        """Who promises for it: who signed, and until then whose signature it takes."""
        signature: Signature | None = getattr(self, "signature", None)
        return signature.by if signature else self.signer


class Signature(models.Model):
    """One head's signature for one party."""

    party = models.OneToOneField(Party, models.CASCADE, related_name="signature")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    note = models.TextField(_("Note"), blank=True)

    class Meta:
        triggers = [KEPT]


class Comment(models.Model):
    """What a head wants changed at one line of a proposal that is sent back."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="comments")
    # The key of the line in the document, and its text then. Empty: the whole agreement.
    line = models.CharField(max_length=120, blank=True)
    words = models.TextField(blank=True)
    text = models.TextField(_("What should change"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["at", "pk"]
