"""An import from its first row to its last: in batches, each with its checkpoint in one transaction.

A job that was interrupted goes on behind the last line that was imported. A dry run is the same work, taken back.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from zlib import crc32

from django.conf import settings
from django.core.cache import cache
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from leads.importing.engine.batches import Batch, Warnings
from leads.importing.engine.cells import Reading
from leads.importing.engine.custom_columns import prepare_custom_columns, with_keys
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import ColumnMapping, Plan, Reasons, Rejected, Row, reason
from leads.importing.engine.overriding import Overriding
from leads.importing.engine.reading import Layout, Record, Source, headers_of, records
from leads.models.imports import EqualRow, Import, RejectedRow
from leads.registering.races import Raced
from smarketing.company import company_zone
from smarketing.queue.waking import wake

BATCH = 5_000
TRIES = 3
# From so many rows on, the planner is told of the tables that grew.
MANY_ROWS = 1_000
# So many rejected rows of a dry run are kept.
MOST_REJECTED = 20


@dataclass
class Outcome:
    """How many rows did what."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejected_rows: list[dict[str, Any]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("created", "updated", "unchanged", "rejected")}

    def add(self, other: Outcome) -> None:
        for name, count in other.counts().items():
            setattr(self, name, getattr(self, name) + count)
        self.rejected_rows += other.rejected_rows


class Stopped(Exception):
    """Somebody cancelled the import."""


def source_of(job: Import) -> Source:
    """The file that was uploaded."""
    content = bytes(job.content)
    return lambda: io.BytesIO(content)


def layout_of(job: Import) -> Layout:
    return Layout(job.encoding, job.delimiter, job.header_line)


def plan_of(job: Import, source: Source, warnings: Warnings) -> Plan:
    """The mapping made ready for the file. Raises `BadMapping`, `KeyError` for a kind that is none."""
    mapping = with_keys(ColumnMapping.read(job.mapping))
    reading = Reading(company_zone(), job.date_format, warnings.add)
    return Plan(kind_of(job.kind), mapping, headers_of(source, layout_of(job)), reading)


class Run:
    """One go through the file."""

    def __init__(self, job: Import, source: Source, *, at: datetime | None = None, is_dry: bool = False) -> None:
        self.job, self.source, self.is_dry = job, source, is_dry
        self.at = at or now()
        self.warnings = Warnings(list(job.said) if not is_dry else [])
        self.kind = kind_of(job.kind)
        self.plan = plan_of(job, source, self.warnings)
        self.overriding = Overriding(self.plan)
        self.outcome = Outcome()
        # The page of a dry run shows how far it is; a job is done by the worker, which is woken. Commands need neither.
        self.is_tracked = self.rings = False

    def run(self) -> Outcome:
        """Import the rows that were not imported yet. Raises `Stopped` when somebody cancels."""
        prepare_custom_columns(self.plan, self.warnings)
        layout = layout_of(self.job)
        self.overriding.look(partial(records, self.source, layout))
        Import.objects.filter(pk=self.job.pk).update(total=self.overriding.total)
        left = records(self.source, layout, behind=self.job.line)
        done = self.overriding.total - sum(1 for _ in left) if self.job.line else 0
        left = records(self.source, layout, behind=self.job.line)
        while some := list(islice(left, BATCH)):
            self._batch(some)
            done += len(some)
            cache.set(progress_key(self.job), done, 3600) if self.is_dry and self.is_tracked else None
        return self.outcome

    def _batch(self, some: list[Record]) -> None:
        rows, rejected = self._read(some)
        with transaction.atomic():
            job = Import.objects.select_for_update().defer("content").get(pk=self.job.pk)
            if job.status == Import.Status.CANCELLED:
                raise Stopped
            outcome = self._import_rows(rows)
            self._keep_rejected(outcome, rejected, {record.line: record for record in some})
            Import.objects.filter(pk=job.pk).update(
                line=some[-1].end,
                said=self.warnings.all(),
                **{name: F(name) + count for name, count in outcome.counts().items()},
            )
            if self.rings:
                wake(settings.ADVANCE_TASK)
        self.outcome.add(outcome)

    def _read(self, some: list[Record]) -> tuple[list[Row], dict[int, Reasons]]:
        rows: list[Row] = []
        rejected: dict[int, Reasons] = {}
        for record in some:
            self.plan.reading.warn = partial(self._warn_of_line, record.line)
            try:
                rows.append(self.overriding.without_overridden(self.plan.row(record)))
            except Rejected as refused:
                rejected[record.line] = refused.reasons
        return rows, rejected

    def _warn_of_line(self, line: int, text: str) -> None:
        self.warnings.add(_("Line %(line)s: %(text)s") % {"line": line, "text": text})

    def _import_rows(self, rows: list[Row], tries: int = TRIES) -> Outcome:
        """Import rows together; what the database refuses is found by halves, so that one bad row stands alone."""
        if not rows:
            return Outcome()
        try:
            with transaction.atomic():
                return self._import_batch(rows)
        except (Raced, DataError, IntegrityError) as problem:
            if isinstance(problem, Raced) and tries > 1:
                return self._import_rows(rows, tries - 1)
            if len(rows) == 1:
                return self._refused_by_database(rows[0], problem)
            middle = len(rows) // 2
            outcome = self._import_rows(rows[:middle])
            outcome.add(self._import_rows(rows[middle:]))
            return outcome

    def _import_batch(self, rows: list[Row]) -> Outcome:
        job = self.job
        batch = Batch(
            self.plan, rows, self.at, job.system, f"import {job.pk}", import_id=job.pk, by_id=job.by_id,
            qualify_at_once=job.qualify_at_once, correct=job.correct, is_dry=self.is_dry, warnings=self.warnings,
        )  # fmt: skip
        self.kind.import_batch(batch)
        created, updated, unchanged = batch.outcome()
        refused = [{"line": line, "reasons": reasons} for line, reasons in batch.rejected().items()]
        return Outcome(created, updated, unchanged, len(refused), refused)

    @staticmethod
    def _refused_by_database(row: Row, problem: Exception) -> Outcome:
        message = getattr(getattr(problem.__cause__, "diag", None), "message_primary", None) or str(problem)
        text = _("The database refused it: %(told)s") % {"told": message}
        return Outcome(rejected=1, rejected_rows=[{"line": row.line, "reasons": [reason("", text)]}])

    def _keep_rejected(self, outcome: Outcome, rejected: dict[int, Reasons], by_line: dict[int, Record]) -> None:
        outcome.rejected += len(rejected)
        outcome.rejected_rows += [{"line": line, "reasons": reasons} for line, reasons in rejected.items()]
        outcome.rejected_rows.sort(key=lambda row: int(row["line"]))
        RejectedRow.objects.bulk_create(
            RejectedRow(
                import_job_id=self.job.pk,
                line=row["line"],
                cells=[cell.replace("\0", "") for cell in by_line[row["line"]].cells],
                reasons=row["reasons"],
            )
            for row in outcome.rejected_rows
        )
        if self.is_dry:
            del outcome.rejected_rows[max(0, MOST_REJECTED - len(self.outcome.rejected_rows)) :]
        else:
            outcome.rejected_rows = []


def import_file(
    job: Import,
    source: Source,
    *,
    at: datetime | None = None,
    rings: bool = False,
    then: Callable[[], None] = lambda: None,
) -> Outcome:
    """Import the file, or what is left of it; finish the job and do `then`, in one transaction."""
    run = Run(job, source, at=at)
    run.rings = rings
    outcome = run.run()
    if outcome.created + outcome.updated >= MANY_ROWS:
        # What works on them next must not plan for the tables as they were.
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(run.kind.tables)}")
    with transaction.atomic():
        EqualRow.objects.filter(import_job=job).delete()
        unfinished = Import.objects.filter(pk=job.pk).exclude(status=Import.Status.CANCELLED)
        if unfinished.update(status=Import.Status.DONE, finished_at=now(), content=b""):
            then()
    return outcome


def rehearse(job: Import, source: Source, *, at: datetime | None = None, is_tracked: bool = False) -> Outcome:
    """A dry run: what importing the file would do now. Nothing of it stays."""
    with transaction.atomic():
        run = Run(job, source, at=at, is_dry=True)
        run.is_tracked = is_tracked
        outcome = run.run()
        transaction.set_rollback(True)
    job.dry_run = {
        **outcome.counts(),
        "rejected_rows": outcome.rejected_rows,
        "said": run.warnings.all(),
        "total": run.overriding.total,
    }
    return outcome


def progress_key(job: Import) -> str:
    return f"import-{job.pk}-dry-run"


# Two imports of one system take turns; one import is worked on by one process. The locks end with the connection:
# a worker that was killed leaves none behind.
SYSTEM_LOCKS, JOB_LOCKS = 7_305_102, 7_305_103


@contextmanager
def hold_lock(lock: int, number: int, *, waits: bool) -> Iterator[bool]:
    """Hold a lock of this connection; False when somebody else has it and we do not wait."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_{'' if waits else 'try_'}advisory_lock(%s, %s)", [lock, number])
        is_ours = waits or bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        # Where the connection is gone, the lock went with it.
        with suppress(OperationalError, InterfaceError):
            if is_ours:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [lock, number])


def in_turn(job: Import, work: Callable[[], Any]) -> Any:
    """Do the work, waiting for another import of the same system to end."""
    with hold_lock(SYSTEM_LOCKS, crc32(job.system.encode()) - 2**31, waits=True):
        return work()


def unfinished_imports() -> QuerySet[Import]:
    """Imports that wait, and those that run or whose worker is gone: their locks tell."""
    return Import.objects.filter(status__in=[Import.Status.QUEUED, Import.Status.CHECKING, Import.Status.RUNNING])
