"""The files of imports, kept in the database in parts, so that a worker on any machine reads them in a stream."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now

from leads.importing.files.reading import Source
from leads.models.imports import FilePart, Import

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PART = 1024 * 1024
# A file that nobody went on with, or whose import failed, is kept so long.
KEPT_FOR = timedelta(days=7)


class _Parts(io.RawIOBase):
    """The parts of one file, each fetched when it is reached."""

    def __init__(self, job_id: int) -> None:
        self.job_id, self.number, self.left = job_id, 0, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        if not self.left:
            parts = FilePart.objects.filter(import_job=self.job_id, number=self.number)
            content = parts.values_list("content", flat=True).first()
            self.number, self.left = self.number + 1, memoryview(bytes(content or b""))
        size = min(len(room), len(self.left))
        room[:size] = self.left[:size]
        self.left = self.left[size:]
        return size


def source_of(job: Import) -> Source:
    """The file that was uploaded."""
    return lambda: io.BufferedReader(_Parts(job.pk), PART)


def keep(job: Import, chunks: Iterable[bytes]) -> None:
    """Keep the file of an import, part by part."""
    for number, chunk in enumerate(each for each in chunks if each):
        FilePart.objects.create(import_job=job, number=number, content=chunk)


def forget(job: Import) -> None:
    FilePart.objects.filter(import_job=job).delete()


def forget_old(at: datetime | None = None) -> None:
    """Delete the files that were kept long enough. What waits for a person meanwhile is over."""
    at = at or now()
    until = at - KEPT_FOR
    stands = Q(status__in=[Import.Status.UPLOADED, Import.Status.CHECKED], created_at__lt=until)
    failed = Q(status=Import.Status.FAILED) & (Q(finished_at__lt=until) | Q(finished_at=None, created_at__lt=until))
    with transaction.atomic():
        old = Import.objects.filter(stands | failed, Exists(FilePart.objects.filter(import_job=OuterRef("pk"))))
        ours = list(old.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
        if ours:
            FilePart.objects.filter(import_job__in=ours).delete()
            Import.objects.filter(stands, pk__in=ours).update(status=Import.Status.CANCELLED, finished_at=at)
