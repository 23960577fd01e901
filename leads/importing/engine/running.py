"""An import from its first row to its last: in batches, each with its checkpoint in one transaction.

A job that was interrupted goes on behind the last line that was imported. A dry run is the same work, taken back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from history import leases
from history.leases import Held, Step
from leads.importing.engine.batches import Batch, Warnings
from leads.importing.engine.column_formats import decide_formats
from leads.importing.engine.custom_columns import prepare_custom_columns, with_keys
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import ColumnMapping, Plan, Reasons, Rejected, Row, reason
from leads.importing.engine.overriding import Overriding
from leads.importing.files.cells import Reading
from leads.importing.files.reading import Layout, Record, Source, headers_of, records
from leads.importing.files.uploads import forget
from leads.models.imports import EqualRow, Import, RejectedRow
from leads.notices import MOST_FAILED, ROW_FAILED, RowFailedParams
from leads.registering.races import Raced
from smarketing.company import company_zone
from smarketing.database.authors import writing
from smarketing.database.isolating import is_nobodys_fault
from smarketing.queue.waking import wake
from teams.models import Notice, Organization, Role, User

log = logging.getLogger(__name__)

BATCH = 5_000
TRIES = 3
# From so many rows on, the planner is told of the tables that grew.
MANY_ROWS = 1_000
# The planner is told of a table that grew by this part of it, as autovacuum's default is.
GROWN_BY = 0.1
GROWN_SQL = """
SELECT quote_ident(relname) FROM pg_class
WHERE oid = ANY (%(tables)s::regclass[]) AND reltuples * %(part)s < %(rows)s ORDER BY oid
"""
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


def layout_of(job: Import) -> Layout:
    return Layout(job.encoding, job.delimiter, job.header_line)


def undecided_plan(job: Import, source: Source, mapping: ColumnMapping | None = None) -> Plan:
    """The mapping (by default the one that was saved) laid over the file. How its columns are written is still open.

    Raises `BadMapping`, `KeyError` for a kind that is none.
    """
    mapping = with_keys(mapping or ColumnMapping.read(job.mapping))
    reading = Reading(company_zone(), currency=Organization.ours().currency)
    return Plan(kind_of(job.kind), mapping, headers_of(source, layout_of(job)), reading)


def plan_of(job: Import, source: Source, warnings: Warnings) -> Plan:
    """The mapping made ready for the file. Raises `BadMapping`, `KeyError` for a kind that is none."""
    plan = undecided_plan(job, source)
    plan.reading.warn = warnings.add
    decide_formats(plan, records(source, layout_of(job)), dates=job.date_format, decimal=job.decimal)
    return plan


class Run:
    """One go through the file."""

    def __init__(
        self,
        job: Import,
        source: Source,
        *,
        at: datetime | None = None,
        is_dry: bool = False,
        step: Step = transaction.atomic,
    ) -> None:
        self.job, self.source, self.is_dry, self.step = job, source, is_dry, step
        # Without a moment, each batch takes its own.
        self.at = at
        self.warnings = Warnings(list(job.said) if not is_dry else [])
        self.kind = kind_of(job.kind)
        self.plan = plan_of(job, source, self.warnings)
        self.overriding = Overriding(self.plan)
        self.outcome = Outcome()
        # Lines on which we failed, through no fault that the file could be told.
        self.failed_lines: list[int] = []
        # The page of a dry run shows how far it is; a job is done by the worker, which is woken. Commands need neither.
        self.is_tracked = self.rings = False

    def run(self) -> Outcome:
        """Import the rows that were not imported yet. Raises `Stopped` when somebody cancels."""
        with writing(how=f"import {self.job.pk}", by=self.job.by_id):
            return self._run()

    def _run(self) -> Outcome:
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
        with self.step():
            job = Import.objects.select_for_update().get(pk=self.job.pk)
            if job.status == Import.Status.CANCELLED:
                raise Stopped
            outcome = self._import_rows(rows, at=self.at or now())
            self._keep_rejected(outcome, rejected, {record.line: record for record in some})
            Import.objects.filter(pk=job.pk).update(
                line=some[-1].end,
                said=self.warnings.all(),
                **{name: F(name) + count for name, count in outcome.counts().items()},
            )
            self._notify_failed()
            if self.rings:
                wake(settings.ADVANCE_TASK)
        self.outcome.add(outcome)

    def _notify_failed(self) -> None:
        """Notify the administrators of rows that failed, once an import and company day."""
        if self.failed_lines and not self.is_dry:
            params: RowFailedParams = {
                "job": self.job.pk,
                "file": self.job.file_name,
                "line": self.failed_lines[0],
            }
            about = f"import {self.job.pk} {now().astimezone(company_zone()).date()}"
            Notice.objects.notify(User.objects.active().with_role(Role.ADMINISTRATOR), ROW_FAILED, params, about=about)

    def _read(self, some: list[Record]) -> tuple[list[Row], dict[int, Reasons]]:
        rows: list[Row] = []
        rejected: dict[int, Reasons] = {}
        for record in some:
            self.plan.reading.warn = partial(self._warn_of_line, record.line)
            try:
                rows.append(self.overriding.without_overridden(self.plan.row(record)))
            except Rejected as refused:
                rejected[record.line] = refused.reasons
            except Exception as problem:
                rejected[record.line] = self._reasons_of_failure(record.line, problem)
        return rows, rejected

    def _warn_of_line(self, line: int, text: str) -> None:
        self.warnings.add(_("Line %(line)s: %(text)s") % {"line": line, "text": text})

    def _import_rows(self, rows: list[Row], tries: int = TRIES, *, at: datetime) -> Outcome:
        """Import rows together; what the database refuses or we fail on is found by halves, so that one bad row stands
        alone."""
        if not rows:
            return Outcome()
        try:
            with transaction.atomic():
                return self._import_batch(rows, at)
        except Exception as problem:
            if is_nobodys_fault(problem):
                raise
            if isinstance(problem, Raced) and tries > 1:
                return self._import_rows(rows, tries - 1, at=at)
            if len(rows) == 1:
                reasons = self._reasons_of_failure(rows[0].line, problem)
                return Outcome(rejected=1, rejected_rows=[{"line": rows[0].line, "reasons": reasons}])
            middle = len(rows) // 2
            outcome = self._import_rows(rows[:middle], at=at)
            outcome.add(self._import_rows(rows[middle:], at=at))
            return outcome

    def _import_batch(self, rows: list[Row], at: datetime) -> Outcome:
        job = self.job
        batch = Batch(
            self.plan, rows, at, job.system, f"import {job.pk}", import_id=job.pk, by_id=job.by_id,
            qualify_at_once=job.qualify_at_once, correct=job.correct, is_dry=self.is_dry, warnings=self.warnings,
        )  # fmt: skip
        self.kind.import_batch(batch)
        created, updated, unchanged = batch.outcome()
        refused = [{"line": line, "reasons": reasons} for line, reasons in batch.rejected().items()]
        return Outcome(created, updated, unchanged, len(refused), refused)

    def _reasons_of_failure(self, line: int, problem: Exception) -> Reasons:
        """Why a row was not imported: what the database refused, else a fault of ours. Where every row fails on that,
        it is raised."""
        if isinstance(problem, Raced | DatabaseError):
            message = getattr(getattr(problem.__cause__, "diag", None), "message_primary", None) or str(problem)
            return [reason("", _("The database refused it: %(told)s") % {"told": message})]
        self.failed_lines.append(line)
        if len(self.failed_lines) > MOST_FAILED:
            raise problem
        log.error("Line %s of import %s failed; the others go on.", line, self.job.pk, exc_info=problem)
        return [reason("", _("This row cannot be processed. The administrator finds out why in the server's log."))]

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
    step: Step = transaction.atomic,
) -> Outcome:
    """Import the file, or what is left of it, batch by batch; finish the job and do `then`, in one step."""
    run = Run(job, source, at=at, step=step)
    run.rings = rings
    outcome = run.run()
    if outcome.created + outcome.updated >= MANY_ROWS:
        _analyze_grown(run.kind.tables, outcome.created + outcome.updated)
    with step():
        EqualRow.objects.filter(import_job=job).delete()
        unfinished = Import.objects.filter(pk=job.pk).exclude(status=Import.Status.CANCELLED)
        if unfinished.update(status=Import.Status.DONE, finished_at=now()):
            forget(job)
            then()
    return outcome


def _analyze_grown(tables: Sequence[str], rows: int) -> None:
    """What works on them next must not plan for the tables as they were. Of a large one so few rows change little, and
    autovacuum looks at it in time."""
    with connection.cursor() as cursor:
        cursor.execute(GROWN_SQL, {"tables": list(tables), "rows": rows, "part": GROWN_BY})
        if grown := [table for (table,) in cursor.fetchall()]:
            cursor.execute(f"ANALYZE {', '.join(grown)}")


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


def turn_of(job: Import) -> AbstractContextManager[Held]:
    """The turn of the system that the file comes from: two imports of one system wait for each other."""
    return leases.hold(f"imports of {job.system}", waits=True)


def unfinished_imports() -> QuerySet[Import]:
    """Imports that wait, and those that run or whose worker is gone: their leases tell."""
    return Import.objects.filter(status__in=[Import.Status.QUEUED, Import.Status.CHECKING, Import.Status.RUNNING])
