"""Files of rows on their way in, and what could not be taken of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from metrics.changes import watched

# How a file is read, and how far that has come: the week shows what was rejected of a file that is done.
UNCOUNTED = """
    kind encoding delimiter date_format decimal header_line headers mapping system qualify_at_once correct status
    total line created updated unchanged said dry_run error by language created_at started_at
"""


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
    encoding = models.CharField(_("Encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("Delimiter"), max_length=2, blank=True)
    date_format = models.CharField(_("Dates"), max_length=20, blank=True)
    # The mark before decimals, in columns that leave it open.
    decimal = models.CharField(_("Decimals"), max_length=1, blank=True)
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
        triggers = watched(uncounted=UNCOUNTED)


class FilePart(models.Model):
    """A part of the file of an import, in the database, so that a worker on any machine can read it; in parts, so that
    nobody holds all of it. Goes when the import is done or cancelled, or a week after it failed."""

    import_job = models.ForeignKey(Import, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["import_job", "number"], name="a_file_has_each_part_once")]


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
