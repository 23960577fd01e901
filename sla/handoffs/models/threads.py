"""Several leads of one company with one rep: while the first waits for its answer, the others have no timer of their
own; why a company has two reps of one team after all; and the work that ended when two records became one."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leads.models import Persona


class TwoReps(models.TextChoices):
    """Why a hand-off went to a rep while another of the team worked its company."""

    PERSON = "person", _("A person gave it.")
    NAMED = "named", _("The policy or the company's owner names the rep.")
    WAITED = "waited", _("The wait for the other rep ran out.")
    POLICY = "policy", _("Its policy does not keep a company with one rep.")
    MANY = (
        "many",
        _("More than twenty leads of the company are worked: it is of another region and persona."),
    )
    UNANSWERED = "unanswered", _("It was not answered, and went to another.")
    MERGED = "merged", _("Two companies became one, or the lead came to the company later.")
    BEFORE = "before", _("It was so before the rule began.")


class OfThread(models.Model):
    """The columns of a hand-off that are about other leads, of its company or of its person, and what its rep says of
    the persona."""

    class Verdict(models.TextChoices):
        FITS = "fits", _("Fits")
        PARTLY = "partly", _("Partly")
        NO = "no", _("Does not fit")

    # The first hand-off of its thread, which was unanswered when this one was offered.
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers", db_index=False)
    # Why its company has two reps of the team; empty: it has not, or this is the rep who worked it first.
    two_reps = models.CharField(max_length=10, choices=TwoReps, blank=True, default="", db_default="")
    # Of a lead with a persona: whether it fits.
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    # Of a lead without one: which one its rep says it is, if any.
    named_persona = models.ForeignKey(Persona, models.PROTECT, null=True, related_name="+", db_index=False)
    # Accepted, and over since its lead became one with another that goes on without it, whatever came of it before.
    merged_away_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


CONSTRAINTS = [
    models.CheckConstraint(
        condition=Q(named_persona=None) | Q(persona=None), name="a_persona_is_named_of_a_lead_without_one"
    ),
    models.CheckConstraint(
        condition=Q(merged_away_at=None) | Q(answer="accepted", merged_away_at__gte=F("answered_at")),
        name="merged_away_after_it_was_accepted",
    ),
]
INDEXES = [models.Index(fields=["follows"], name="handoff_of_thread", condition=Q(follows__isnull=False))]
