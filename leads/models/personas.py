"""Whom both teams look for, in versions, and which lead is which."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.edited import edited
from history.frozen import KeepFrozen
from history.versions import Versioned, VersionedQuerySet, numbered, one_draft
from leads.models.leads import Lead


class Persona(models.Model):
    """The agreed ideal buyer. What is said of it lives in versions, which agreements name."""

    created_at = models.DateTimeField(default=now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        triggers = edited("")

    def __str__(self) -> str:
        latest = self.latest
        return latest.name if latest else str(self.pk)

    @property
    def latest(self) -> PersonaVersion | None:
        # In Python, so that prefetch_related("versions") is enough for a list.
        return max(self.versions.all(), key=lambda version: version.number, default=None)


class PersonaVersion(Versioned):
    """One wording of a persona. Frozen once an agreement that names it is proposed, in force while one that does is."""

    SERIES = "persona"

    persona = models.ForeignKey(Persona, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    name = models.CharField(_("Name"), max_length=120, help_text=_("As both teams say it."))
    description = models.TextField(_("Who this is"), blank=True)
    goals = models.TextField(_("Goals"), blank=True)
    pains = models.TextField(_("Pains"), blank=True)
    objections = models.TextField(_("Objections"), blank=True)
    # What the buyer asks and needs at each step of the buying journey.
    awareness = models.TextField(_("Awareness"), blank=True)
    consideration = models.TextField(_("Consideration"), blank=True)
    decision = models.TextField(_("Decision"), blank=True)
    criteria = models.JSONField(_("Criteria"), null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VersionedQuerySet.as_manager()

    class Meta:
        ordering = ["persona", "number"]
        constraints = [
            numbered("persona_versions_are_numbered", series="persona"),
            one_draft("one_draft_version_per_persona", series="persona"),
        ]
        triggers = [KeepFrozen("frozen_at"), *edited("name number persona")]

    def __str__(self) -> str:
        return self.name


class PersonaComment(models.Model):
    """A word about a persona, from whoever meets such buyers."""

    persona = models.ForeignKey(Persona, models.CASCADE, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(_("Comment"))
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["at", "pk"]


class PersonaMatch(models.Model):
    """Which persona a lead is: the first in the agreement's order whose criteria hold, unless a person
    said otherwise."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="persona_match")
    # What counts: the person's word before the machine's.
    persona = models.ForeignKey(Persona, models.SET_NULL, null=True, related_name="matches")
    machine = models.ForeignKey(Persona, models.SET_NULL, null=True, related_name="+", db_index=False)
    matched_at = models.DateTimeField(default=now)
    override_reason = models.CharField(_("Reason"), max_length=200, blank=True)
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    override_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(override_at=None) | ~Q(override_reason=""), name="persona_override_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(override_at__isnull=False) | Q(persona=models.F("machine")) | Q(persona=None, machine=None),
                name="without_a_word_the_machine_counts",
            ),
        ]
