"""Who they are: how they are known and found, and which of them are to be looked at anew."""

from __future__ import annotations

from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from history.recording import RecordedAt
from leads.models.activities import Activity
from leads.models.campaigns import Campaign
from leads.models.companies import Company
from leads.models.names import Fold
from leads.models.working import worked_by
from metrics.changes import watched
from smarketing.database.triggers import Call
from smarketing.pages.wording import full_name
from teams.models import User
from teams.records import RecordQuerySet

# A lead is known by an e-mail or by an external id, at least one: looked at when the transaction ends, as the identity
# is another row. The function is in migration 0004.
KNOWN = Call(
    "lead_is_known",
    name="lead_is_known",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("email", "merged_into_id"),
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition("NEW.email = ''"),
)
STAYS_KNOWN = Call(
    "lead_is_known",
    name="lead_stays_known",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("lead_id") | pgtrigger.Delete,
    timing=pgtrigger.Deferred,
)


# Who somebody is and how to reach them, what is agreed with them, and whose they are: no number counts by these.
UNCOUNTED = """
    email email_key family_name given_name family_name_reading given_name_reading phone phone_e164
    title department seniority buying_role region consent consent_at owner company custom
"""


class LeadQuerySet(RecordQuerySet["Lead"]):
    kind = "lead"
    refusal = _(
        "You may read this lead. Its owner, the rep who works it, their team, marketing and managers may change it."
    )

    def held_by(self, people: models.QuerySet[User]) -> Q:
        return super().held_by(people) | worked_by(people)

    def held_by_nobody(self) -> Q:
        return super().held_by_nobody() & ~worked_by(User.objects.all())

    def unmerged(self) -> Self:
        """Leads that were not merged into another."""
        return self.filter(merged_into=None)

    def who_did(self, kind: str) -> Self:
        # Exists, not a join: a join repeats a lead once per activity.
        done = Activity.objects.filter(lead=models.OuterRef("pk"), kind__key=kind)
        return self.filter(models.Exists(done))


class Lead(models.Model):
    """An identified person who might buy, known by an e-mail or by an external id."""

    class Consent(models.TextChoices):
        UNKNOWN = "", _("Unknown")
        GIVEN = "given", _("Given")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    email = models.CharField(_("E-mail"), max_length=254, blank=True)
    # Casefolded NFKC: what makes two spellings of an address one lead.
    email_key = models.GeneratedField(expression=Fold("email"), output_field=models.TextField(), db_persist=True)
    is_free_mail = models.BooleanField(_("Free-mail address"), default=False, editable=False)
    family_name = models.CharField(_("Family name"), max_length=80, blank=True)
    given_name = models.CharField(_("Given name"), max_length=80, blank=True)
    family_name_reading = models.CharField(_("Reading of the family name"), max_length=80, blank=True)
    given_name_reading = models.CharField(_("Reading of the given name"), max_length=80, blank=True)
    phone = models.CharField(_("Phone"), max_length=40, blank=True)
    # What phones are compared by; empty where what was typed is no number.
    phone_e164 = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    title = models.CharField(_("Title"), max_length=120, blank=True)
    department = models.CharField(_("Department"), max_length=120, blank=True)
    seniority = models.CharField(_("Seniority"), max_length=60, blank=True)
    buying_role = models.CharField(_("Buying role"), max_length=60, blank=True)
    country = models.CharField(_("Country"), max_length=80, blank=True)
    region = models.CharField(_("Region"), max_length=80, blank=True)
    source = models.CharField(_("Source"), max_length=120, blank=True)
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("Campaign")
    )
    consent = models.CharField(_("Consent to e-mail"), max_length=10, choices=Consent, blank=True)
    consent_at = models.DateTimeField(null=True, blank=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("Owner"),
    )
    company = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("Company")
    )
    custom = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=now)
    recorded_at = RecordedAt(of="created_at")
    # A merged lead stays as a row, so that it can be seen what became of it.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    merged_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Of rows asked `with_rights_of()` somebody.
    is_editable: bool
    is_takeable: bool

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "email_key", condition=~Q(email="") & Q(merged_into=None), name="one_lead_per_email"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None, merged_at=None) | Q(merged_into__isnull=False, merged_at__isnull=False),
                name="merged_lead_has_a_moment",
            ),
            models.CheckConstraint(condition=Q(created_at__lte=F("recorded_at")), name="lead_is_told_when_it_is_there"),
        ]
        indexes = [
            models.Index(F("created_at").desc(), F("id").desc(), condition=Q(merged_into=None), name="lead_newest"),
            models.Index(fields=["company"], name="lead_company"),
            models.Index(fields=["source", "-created_at"], name="lead_source"),
            models.Index(fields=["phone_e164"], condition=~Q(phone_e164=""), name="lead_phone"),
        ]
        triggers = [*watched(uncounted=UNCOUNTED), KNOWN]

    def __str__(self) -> str:
        return self.full_name or self.email or _("Lead %(id)s") % {"id": self.pk}

    @property
    def full_name(self) -> str:
        return full_name(self.given_name, self.family_name)

    @property
    def reading(self) -> str:
        return " ".join(filter(None, (self.family_name_reading, self.given_name_reading)))


class SearchEntry(models.Model):
    """What a lead is found by: in a narrow table, so that searching never widens the lead's row."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="search_entry")
    text = models.TextField(blank=True)
    words = SearchVectorField(null=True)
    # What lists are sorted by: the reading before the name, the family before the given.
    name_key = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["name_key", "lead"], name="search_by_name"),
            GinIndex(OpClass("text", name="gin_trgm_ops"), name="search_anywhere"),
            GinIndex(fields=["words"], name="search_word_beginnings"),
        ]


class Identity(models.Model):
    """By which id another system knows a lead."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="identities")
    system = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    # Brought by a record that was merged into the lead: what rows say under it overturns nothing.
    is_of_merged = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "external_id"], name="one_lead_per_external_id")]
        triggers = [STAYS_KNOWN]

    def __str__(self) -> str:
        return f"{self.system}: {self.external_id}"


class PendingReevaluation(models.Model):
    """A lead that is to be evaluated anew, since something about it changed, or will have changed at `due_at`.

    Appended, never updated: enqueuing waits for nobody, and what is enqueued while the lead is being evaluated is
    evaluated afterwards.
    """

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False)
    due_at = models.DateTimeField(default=now, db_index=True)
    # The moment of the news (a new activity, a change) that lets a standing lead qualify. None: no news
    # (history that an import brought in, the passing of time).
    news_at = models.DateTimeField(null=True)
    # How often the evaluation has failed: each time the next try is later.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "leads_stalelead"
