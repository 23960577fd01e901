"""Who they are and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from smarketing.wording import full_name


class Fold(models.Func):
    """Text as it is compared: Unicode NFKC, then case folded. `leads.text.fold` is its twin in Python."""

    function = "fold"
    output_field = models.TextField()


class Named(models.Model):
    """Something with a name in both languages."""

    name_en = models.CharField(_("Name in English"), max_length=80)
    name_ja = models.CharField(_("Name in Japanese"), max_length=80, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_ja if self.name_ja and get_language() == "ja" else self.name_en


class Campaign(models.Model):
    """Something marketing runs to be found: a channel, with a goal."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    channel = models.CharField(_("Channel"), max_length=80, blank=True)
    goal = models.TextField(_("Goal"), blank=True)
    starts_on = models.DateField(_("Starts"), null=True, blank=True)
    ends_on = models.DateField(_("Ends"), null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")) | Q(starts_on=None) | Q(ends_on=None),
                name="campaign_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CustomField(Named):
    """An attribute that the administrator added."""

    class Subject(models.TextChoices):
        LEAD = "lead", _("Lead")
        COMPANY = "company", _("Company")

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        BOOLEAN = "boolean", _("Yes or no")
        CHOICE = "choice", _("One of a list")

    subject = models.CharField(_("Belongs to"), max_length=8, choices=Subject, default=Subject.LEAD)
    key = models.SlugField(_("Key"), max_length=40, help_text=_("As imports and the API call it. It stays."))
    type = models.CharField(_("Type"), max_length=8, choices=Type, default=Type.TEXT)
    choices = models.JSONField(_("Choices"), default=list, blank=True)

    class Meta:
        ordering = ["subject", "name_en"]
        constraints = [models.UniqueConstraint(fields=["subject", "key"], name="custom_field_key_is_unique")]


class Company(models.Model):
    """A lead's employer; its leads are the buying group."""

    name = models.CharField(_("Name"), max_length=200)
    name_key = models.GeneratedField(expression=Fold("name"), output_field=models.TextField(), db_persist=True)
    domain = models.CharField(_("Domain"), max_length=120, blank=True)
    industry = models.CharField(_("Industry"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(_("Employees"), null=True, blank=True)
    revenue = models.DecimalField(_("Yearly revenue"), max_digits=18, decimal_places=2, null=True, blank=True)
    country = models.CharField(_("Country"), max_length=80, blank=True)
    region = models.CharField(_("Region"), max_length=80, blank=True)
    # Whose company it is among us: its leads go there first.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="companies",
        verbose_name=_("Owner"),
    )
    custom = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["name_key"]),
            models.Index(fields=["domain"], condition=~Q(domain=""), name="company_domain"),
            models.Index(fields=["-created_at", "-id"]),
        ]

    def __str__(self) -> str:
        return self.name


class LeadQuerySet(models.QuerySet["Lead"]):
    def here(self) -> Self:
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
    # A merged lead stays as a row, so that it can be seen what became of it.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    merged_at = models.DateTimeField(null=True, blank=True, editable=False)

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
            # That a lead has an e-mail or an external id is the trigger `lead_is_known` (migration 0002).
        ]
        indexes = [
            models.Index(F("created_at").desc(), F("id").desc(), condition=Q(merged_into=None), name="lead_newest"),
            models.Index(fields=["company"], name="lead_company"),
            models.Index(fields=["source", "-created_at"], name="lead_source"),
        ]

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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "external_id"], name="one_lead_per_external_id")]

    def __str__(self) -> str:
        return f"{self.system}: {self.external_id}"


class CompanyIdentity(models.Model):
    """By which id another system knows a company."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="identities")
    system = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "external_id"], name="one_company_per_external_id")]


class ActivityKind(Named):
    """A kind of thing that leads do."""

    id = models.SmallAutoField(primary_key=True)
    key = models.SlugField(
        _("Key"), max_length=40, unique=True, help_text=_("As imports and the API call it. It stays.")
    )
    is_built_in = models.BooleanField(default=False, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]


class Activity(models.Model):
    """One thing a lead did, at one moment, of one kind. Written once."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="activities", db_index=False)
    kind = models.ForeignKey(ActivityKind, models.PROTECT, related_name="activities", db_index=False)
    occurred_at = models.DateTimeField()
    properties = models.JSONField(default=dict, blank=True)
    system = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        indexes = [
            # Covering: scores are summed from this index alone.
            models.Index(fields=["lead", "occurred_at"], include=["kind"], name="activity_by_lead"),
            models.Index(fields=["kind", "occurred_at"], name="activity_by_kind"),
        ]


class ActivityIdentity(models.Model):
    """What makes the same activity, sent twice, one: its message id within its system."""

    system = models.CharField(max_length=60)
    message_id = models.CharField(max_length=200)
    activity = models.OneToOneField(Activity, models.CASCADE, related_name="identity")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "message_id"], name="one_activity_per_message")]


class StaleLead(models.Model):
    """The mark that something about a lead changed, or will have changed at `due_at`.

    Appended, never updated: marking waits for nobody, and a mark made while the lead is being
    worked on is worked on afterwards.
    """

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False)
    due_at = models.DateTimeField(default=now, db_index=True)
    # The moment of the news (a new activity, a change) that lets a standing lead qualify. None: no news
    # (history that an import brought in, the passing of time).
    news_at = models.DateTimeField(null=True)


class Persona(models.Model):
    """The agreed ideal buyer. What is said of it lives in versions, which agreements name."""

    created_at = models.DateTimeField(default=now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        latest = self.latest
        return latest.name if latest else str(self.pk)

    @property
    def latest(self) -> PersonaVersion | None:
        # In Python, so that prefetch_related("versions") is enough for a list.
        return max(self.versions.all(), key=lambda version: version.number, default=None)


class PersonaVersion(models.Model):
    """One wording of a persona. Frozen once an agreement that names it is proposed."""

    class Frozen(Exception):
        """An agreement names this version: make the next one."""

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
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["persona", "number"]
        constraints = [
            models.UniqueConstraint(fields=["persona", "number"], name="persona_versions_are_numbered"),
            models.UniqueConstraint(
                fields=["persona"], condition=Q(frozen_at=None), name="one_draft_version_per_persona"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def freeze(self, *, at: datetime | None = None) -> None:
        PersonaVersion.objects.filter(pk=self.pk, frozen_at=None).update(frozen_at=at or now())


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


class Segment(models.Model):
    """A saved question about leads."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    criteria = models.JSONField(_("Criteria"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ImportMapping(models.Model):
    """How a file with these headers was mapped last time."""

    kind = models.CharField(max_length=20)
    header_digest = models.CharField(max_length=64)
    mapping = models.JSONField()
    used_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "header_digest"], name="one_mapping_per_header")]


class Import(models.Model):
    """One file of rows on its way in."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Dry run")
        CHECKED = "checked", _("Checked")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("What it holds"), max_length=20)
    file_name = models.CharField(max_length=255)
    # In the database, so that a worker on any machine can read it.
    content = models.BinaryField()
    encoding = models.CharField(_("Encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("Delimiter"), max_length=2, blank=True)
    date_format = models.CharField(_("Dates"), max_length=20, blank=True)
    header_line = models.PositiveIntegerField(default=1)
    # Kept when the content goes: what was rejected is given back under the same headers.
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    system = models.CharField(_("System it comes from"), max_length=60, blank=True)
    # Off: history stays history. On: what the file brings may qualify at once.
    qualify_at_once = models.BooleanField(_("Let these leads qualify at once"), default=False)
    correct = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    total = models.PositiveIntegerField(default=0)
    # Lines done so far: an interrupted job goes on behind them.
    line = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    said = models.JSONField(default=list)
    dry_run = models.JSONField(null=True)
    error = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="imports")
    # In which the reasons are said: the page's, when it was asked for.
    language = models.CharField(max_length=8, blank=True)
    created_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["status"], name="import_unfinished", condition=Q(status__in=["queued", "running"]))
        ]


class RejectedRow(models.Model):
    """A row that could not be taken, with its line and the reasons: to be corrected and brought again."""

    import_job = models.ForeignKey(Import, models.CASCADE, related_name="rejected_rows")
    line = models.PositiveIntegerField()
    cells = models.JSONField()
    # [{"column": "E-mail", "reason": "…"}], in the words of the importer's language.
    reasons = models.JSONField()

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["import_job", "line"], name="a_line_is_rejected_once")]


class EqualRow(models.Model):
    """How many equal rows without a message id an import of activities has had so far: the n-th equal row of the
    file is the n-th equal activity. Goes when the import is done."""

    import_job = models.ForeignKey(Import, models.CASCADE, related_name="+", db_index=False)
    digest = models.UUIDField()
    rows = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["import_job", "digest"], name="equal_rows_are_counted_once")]
