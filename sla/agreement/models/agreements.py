"""The agreement in versions, with the personas and definitions that one version names."""

from __future__ import annotations

from datetime import time
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from funnel.models import Definition
from history.edited import edited
from history.frozen import KeepChildrenFrozen, KeepFrozen
from history.versions import DATES, DatedVersion, DatedVersionQuerySet, State, in_force_is_frozen, one_in_force
from leads.models import PersonaVersion
from metrics.changes import watched
from scoring.models import ScoreModel


class AgreementQuerySet(DatedVersionQuerySet["Agreement"]):
    def signed(self) -> Self:
        """Signed by every head, in force now, before or later; the newest first."""
        return self.dated()

    def pending(self) -> Self:
        """The draft or the proposal; a constraint allows one at most."""
        return self.filter(in_force_from=None)

    def waiting(self) -> Self:
        """Proposed, and not yet signed by all."""
        return self.pending().frozen()


# What a draft says apart from its hops and policies, and who said it.
UNCOUNTED = """
    created_by created_at preamble notes effective_on score_model score_model_may_change review_months
    meeting_weekday meeting_at dispute_days qualifies_standing proposed_by
"""


class Agreement(DatedVersion):
    """What marketing and sales agreed, in one version.

    Once proposed it is never edited; once signed by every party's head it is in force from a day on, until the next
    version replaces it.
    """

    FROZEN_AT = "proposed_at"
    ONCE_FROZEN = State.PROPOSED

    class NotReady(Exception):
        """It cannot be proposed yet; `missing` lists what is missing, in the reader's language."""

        def __init__(self, missing: list[str]) -> None:
            super().__init__("; ".join(missing))
            self.missing = missing

    class Unchanged(Exception):
        """It says the same as what is agreed already: there is nothing to sign."""

    class NotYours(Exception):
        """Only the head of a party signs for it, once."""

    class ProposedAnew(Exception):
        """It was taken back and proposed again since it was read: what is there now may say something else."""

    number = models.PositiveIntegerField(unique=True)
    preamble = models.TextField(_("Preamble"), blank=True)
    notes = models.TextField(_("Notes"), blank=True)
    # The day it should start on; it starts later if the last signature comes later.
    effective_on = models.DateField(_("In force from"), null=True, blank=True)
    score_model = models.ForeignKey(ScoreModel, models.PROTECT, null=True, related_name="agreements")
    score_model_may_change = models.BooleanField(_("Score models may be replaced between agreements"), default=False)
    # Reviews: goals every month, the whole agreement every so many months, the numbers every week.
    review_months = models.PositiveSmallIntegerField(
        _("The whole is reviewed every"),
        default=6,
        choices=[(3, _("three months")), (6, _("six months")), (12, _("twelve months"))],
    )
    meeting_weekday = models.PositiveSmallIntegerField(
        _("The weekly meeting is on"), default=0, choices=[(day, name) for day, name in WEEKDAYS.items()]
    )
    meeting_at = models.TimeField(_("at"), default=time(9, 30))
    # How many company days after a rejection the other side may still dispute it.
    dispute_days = models.PositiveSmallIntegerField(
        _("A rejection may be disputed within, days"), default=5, validators=[MaxValueValidator(60)]
    )
    # Chosen before signing: qualify all standing leads that match at once, or only those with news from then on.
    qualifies_standing = models.BooleanField(default=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    proposed_at = models.DateTimeField(null=True, editable=False)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            one_in_force("one_agreement_in_force"),
            models.UniqueConstraint(models.Value(1), condition=Q(in_force_from=None), name="one_agreement_on_its_way"),
            in_force_is_frozen("in_force_only_after_proposed", frozen_at="proposed_at"),
        ]
        triggers = [
            *watched(uncounted=UNCOUNTED),
            KeepFrozen("proposed_at", *DATES, KeepFrozen.UNFREEZE),
            *edited("number"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def proposal(self) -> str:
        """Which proposal of this version it is: one that was taken back and is proposed again is another."""
        return self.proposed_at.isoformat() if self.proposed_at else ""

    def check_read(self, proposal: str | None) -> None:
        """Raise `ProposedAnew` where somebody read another proposal of this version; None: nobody read any."""
        if proposal is not None and proposal != self.proposal:
            raise self.ProposedAnew

    def definitions(self) -> list[Definition]:
        """The agreed definitions, in the order of the funnel."""
        agreed = self.agreed_definitions.select_related("definition__stage")
        return [row.definition for row in agreed.order_by("definition__stage__position")]

    @property
    def score_model_replacement(self) -> ScoreModel | None:
        """The model that took the place of the named one between agreements, if any: a model that is over for good,
        where no agreement signed for later brought the other one."""
        named = self.score_model
        if named is None or named.in_force_from is None or named.replaced_at is None:
            return None
        successor = ScoreModel.objects.dated().filter(replaced_at=None).exclude(pk=named.pk).first()
        if successor is None or Agreement.objects.signed().filter(score_model=successor).exists():
            return None
        return successor

    def personas(self) -> list[PersonaVersion]:
        """The agreed personas, in the order in which leads are matched."""
        agreed = self.agreed_personas.select_related("version__persona").order_by("position")
        return [row.version for row in agreed]


class AgreedPersona(models.Model):
    """A persona version that an agreement names, in the order in which leads are matched."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="agreed_personas")
    version = models.ForeignKey(PersonaVersion, models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "version"], name="a_persona_is_agreed_once"),
        ]
        triggers = [KeepChildrenFrozen("agreement", "proposed_at"), *edited("agreement version")]


class AgreedDefinition(models.Model):
    """The definition version that an agreement names for a stage."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="agreed_definitions")
    definition = models.ForeignKey(Definition, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "definition"], name="a_definition_is_agreed_once"),
        ]
        triggers = [KeepChildrenFrozen("agreement", "proposed_at"), *edited("agreement definition")]
