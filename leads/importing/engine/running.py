"""An import from its first row to its last: in batches, each with its checkpoint in one transaction.

A job that was interrupted goes on behind the last line that was brought in. A dry run is the same work, taken back.
"""

from __future__ import annotations

import io
import re
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

from leads.importing.engine import cells
from leads.importing.engine.batches import Batch, Raced, Said
from leads.importing.engine.cells import Reading, Refused
from leads.importing.engine.mapping import ColumnMapping, Plan, Reasons, Rejected, Row, reason
from leads.importing.engine.overriding import Overriding
from leads.importing.engine.reading import Layout, Record, Source, headers_of, records
from leads.importing.engine.registry import kind_of
from leads.models.custom_fields import CustomField
from leads.models.imports import EqualRow, Import, RejectedRow
from smarketing.company import company_zone
from smarketing.queue import bells

BATCH = 5_000
TRIES = 3
MANY = 1_000
# Of a dry run so many rejected rows are shown.
SHOWN = 20
SUBJECTS = {"company.custom.": CustomField.Subject.COMPANY, "custom.": CustomField.Subject.LEAD}


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


def plan_of(job: Import, source: Source, said: Said) -> Plan:
    """The mapping made ready for the file. Raises `BadMapping`, `KeyError` for a kind that is none."""
    mapping = with_keys(ColumnMapping.read(job.mapping))
    reading = Reading(company_zone(), job.date_format, said.say)
    return Plan(kind_of(job.kind), mapping, headers_of(source, layout_of(job)), reading)


def with_keys(mapping: ColumnMapping) -> ColumnMapping:
    """The same with custom.NAME by the key of that attribute: “Landing page” is kept as Landing_page."""
    return ColumnMapping(
        {header: keyed(name) for header, name in mapping.columns.items()},
        {keyed(name): value for name, value in mapping.constants.items()},
        {keyed(name): words for name, words in mapping.values.items()},
    )


def keyed(name: str) -> str:
    for prefix in SUBJECTS:
        if name.startswith(prefix):
            return prefix + (re.sub(r"[^\w-]+", "_", name.removeprefix(prefix)).strip("_")[:40] or "_")
    return name


class Run:
    """One go through the file."""

    def __init__(self, job: Import, source: Source, *, at: datetime | None = None, is_dry: bool = False) -> None:
        self.job, self.source, self.is_dry = job, source, is_dry
        self.at = at or now()
        self.said = Said(list(job.said) if not is_dry else [])
        self.plan = plan_of(job, source, self.said)
        self.overriding = Overriding(self.plan)
        self.outcome = Outcome()
        # The page of a dry run shows how far it is; a job's bell is heard by the worker. Commands need neither.
        self.is_tracked = self.rings = False

    def go(self) -> Outcome:
        """Bring the rows in that were not yet. Raises `Stopped` when somebody cancels."""
        make_custom_fields(self.plan, self.said)
        layout = layout_of(self.job)
        self.overriding.look(partial(records, self.source, layout))
        Import.objects.filter(pk=self.job.pk).update(total=self.overriding.total)
        coming = records(self.source, layout, behind=self.job.line)
        done = self.overriding.total - sum(1 for _ in coming) if self.job.line else 0
        coming = records(self.source, layout, behind=self.job.line)
        while some := list(islice(coming, BATCH)):
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
            outcome = self._bring(rows)
            self._keep_rejected(outcome, rejected, {record.line: record for record in some})
            Import.objects.filter(pk=job.pk).update(
                line=some[-1].end,
                said=self._sentences(),
                **{name: F(name) + count for name, count in outcome.counts().items()},
            )
            if self.rings:
                bells.ring(settings.ADVANCE_TASK)
        self.outcome.add(outcome)

    def _read(self, some: list[Record]) -> tuple[list[Row], dict[int, Reasons]]:
        rows: list[Row] = []
        rejected: dict[int, Reasons] = {}
        for record in some:
            self.plan.reading.say = partial(self._say_of_line, record.line)
            try:
                rows.append(self.overriding.without_overridden(self.plan.row(record)))
            except Rejected as refused:
                rejected[record.line] = refused.reasons
        return rows, rejected

    def _say_of_line(self, line: int, text: str) -> None:
        self.said.say(_("Line %(line)s: %(text)s") % {"line": line, "text": text})

    def _sentences(self) -> list[str]:
        more = [_("And %(count)s more of this kind.") % {"count": self.said.more}] if self.said.more else []
        return [*self.said.sentences, *more]

    def _bring(self, rows: list[Row], tries: int = TRIES) -> Outcome:
        """Bring rows in together; what the database refuses is found by halves, so that one bad row stands alone."""
        if not rows:
            return Outcome()
        try:
            with transaction.atomic():
                return self._together(rows)
        except (Raced, DataError, IntegrityError) as problem:
            if isinstance(problem, Raced) and tries > 1:
                return self._bring(rows, tries - 1)
            if len(rows) == 1:
                return self._refused_by_database(rows[0], problem)
            middle = len(rows) // 2
            outcome = self._bring(rows[:middle])
            outcome.add(self._bring(rows[middle:]))
            return outcome

    def _together(self, rows: list[Row]) -> Outcome:
        job = self.job
        batch = Batch(
            self.plan, rows, self.at, job.system, f"import {job.pk}", import_id=job.pk, by_id=job.by_id,
            qualify_at_once=job.qualify_at_once, correct=job.correct, is_dry=self.is_dry, said=self.said,
        )  # fmt: skip
        self.plan.kind.bring(batch)
        for step in self.plan.kind.after:
            step(batch)
        created, updated, unchanged = batch.outcome()
        refused = [{"line": line, "reasons": reasons} for line, reasons in batch.rejected().items()]
        return Outcome(created, updated, unchanged, len(refused), refused)

    @staticmethod
    def _refused_by_database(row: Row, problem: Exception) -> Outcome:
        told = getattr(getattr(problem.__cause__, "diag", None), "message_primary", None) or str(problem)
        text = _("The database refused it: %(told)s") % {"told": told}
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
            del outcome.rejected_rows[max(0, SHOWN - len(self.outcome.rejected_rows)) :]
        else:
            outcome.rejected_rows = []


def bring_in(
    job: Import,
    source: Source,
    *,
    at: datetime | None = None,
    rings: bool = False,
    then: Callable[[], None] = lambda: None,
) -> Outcome:
    """Bring the file in, or what is left of it, finish the job, and `then` say so, in one transaction with its end."""
    run = Run(job, source, at=at)
    run.rings = rings
    outcome = run.go()
    if outcome.created + outcome.updated >= MANY:
        # What works on them next must not plan for the tables as they were.
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(run.plan.kind.tables)}")
    with transaction.atomic():
        EqualRow.objects.filter(import_job=job).delete()
        unfinished = Import.objects.filter(pk=job.pk).exclude(status=Import.Status.CANCELLED)
        if unfinished.update(status=Import.Status.DONE, finished_at=now(), content=b""):
            then()
    return outcome


def rehearse(job: Import, source: Source, *, at: datetime | None = None, is_tracked: bool = False) -> Outcome:
    """A dry run: what bringing the file in would do now. Nothing of it stays."""
    with transaction.atomic():
        run = Run(job, source, at=at, is_dry=True)
        run.is_tracked = is_tracked
        outcome = run.go()
        said = run._sentences()
        transaction.set_rollback(True)
    job.dry_run = {
        **outcome.counts(),
        "rejected_rows": outcome.rejected_rows,
        "said": said,
        "total": run.overriding.total,
    }
    return outcome


def progress_key(job: Import) -> str:
    return f"import-{job.pk}-dry-run"


def make_custom_fields(plan: Plan, said: Said) -> None:
    """Make the custom attributes that do not exist yet, as text, and say so; read the others by their type."""
    for name in plan.names:
        prefix = next((prefix for prefix in SUBJECTS if name.startswith(prefix)), None)
        if prefix is None or name in plan.kind.fields:
            continue
        subject = CustomField.Subject.COMPANY if plan.kind.key == "companies" else SUBJECTS[prefix]
        key = name.removeprefix(prefix)
        known, is_new = CustomField.objects.get_or_create(subject=subject, key=key, defaults={"name_en": key})
        if is_new:
            said.say(_("The attribute “%(name)s” did not exist and was made, as text.") % {"name": key})
        plan.readers[name] = custom_reader(known)


def custom_reader(custom: CustomField) -> cells.Reader:
    match custom.type:
        case CustomField.Type.NUMBER:
            return _number
        case CustomField.Type.DATE:
            return lambda cell, reading: cells.day(cell, reading).isoformat()
        case CustomField.Type.BOOLEAN:
            return cells.yes_or_no
        case CustomField.Type.CHOICE if custom.choices:
            return partial(_choice, list(custom.choices))
    return cells.text(2000)


def _number(cell: str, reading: Reading) -> int | float:
    value = cells.number(cell, reading)
    return int(value) if value == int(value) else float(value)


def _choice(choices: list[str], cell: str, reading: Reading) -> str:
    if cell not in choices:
        raise Refused(_("“%(cell)s” is none of: %(known)s.") % {"cell": cell, "known": ", ".join(choices)})
    return cell


# Two imports of one system take turns; one import is worked on by one process. The locks end with the connection:
# a worker that was killed leaves none behind.
SYSTEM_LOCKS, JOB_LOCKS = 7_305_102, 7_305_103


@contextmanager
def held(lock: int, number: int, *, waits: bool) -> Iterator[bool]:
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


def locked(job: Import, work: Callable[[], Any]) -> Any:
    """Do the work, waiting for another import of the same system to end."""
    with held(SYSTEM_LOCKS, crc32(job.system.encode()) - 2**31, waits=True):
        return work()


def waiting() -> QuerySet[Import]:
    """Imports that wait, and those that run or whose worker is gone: their locks tell."""
    return Import.objects.filter(status__in=[Import.Status.QUEUED, Import.Status.CHECKING, Import.Status.RUNNING])
