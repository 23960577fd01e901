"""Imports that run behind a page: checked, then imported, by whichever worker is free."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _

from history import leases
from history.leases import Lost, Taken
from leads.importing.engine.mapping import BadMapping
from leads.importing.engine.running import (
    Stopped,
    import_file,
    rehearse,
    turn_of,
    unfinished_imports,
)
from leads.importing.files.reading import Unreadable
from leads.importing.files.uploads import forget, forget_old, source_of
from leads.models.imports import Import
from leads.notices import IMPORT_DONE, ImportParams
from smarketing.queue.waking import wake
from teams.models import Notice

TASK = "leads.tasks.run_imports"
log = logging.getLogger(__name__)


def ask_for(job: Import, status: Import.Status) -> bool:
    """Let the worker check the file or import it. False when somebody has asked for it already."""
    before = {
        Import.Status.CHECKING: [Import.Status.UPLOADED, Import.Status.CHECKED, Import.Status.FAILED],
        # One that failed on the way goes on behind its last batch.
        Import.Status.QUEUED: [Import.Status.CHECKED, Import.Status.FAILED],
    }[status]
    may = Import.objects.filter(pk=job.pk, status__in=before, parts__number=0)
    if status == Import.Status.CHECKING:
        may = may.filter(line=0)
    asked = may.update(status=status, error="", finished_at=None)
    if asked:
        wake(TASK)
    return bool(asked)


def cancel(job: Import) -> bool:
    """Stop it before its next batch. What is in stays."""
    stoppable = [Import.Status.UPLOADED, Import.Status.CHECKING, Import.Status.CHECKED, Import.Status.QUEUED]
    asked = Import.objects.filter(pk=job.pk, status__in=[*stoppable, Import.Status.RUNNING])
    with transaction.atomic():
        is_ours = bool(asked.update(status=Import.Status.CANCELLED, finished_at=now()))
        if is_ours:
            forget(job)
    return is_ours


def run_unfinished() -> int:
    """Work on every import that waits, or whose worker is gone. Safe to run twice, and by many at once."""
    forget_old()
    done = 0
    for pk in list(unfinished_imports().order_by("pk").values_list("pk", flat=True)):
        with suppress(Taken), leases.hold(f"import {pk}"):
            # Looked at when it is ours: somebody may just have finished it.
            if job := unfinished_imports().select_related("by").filter(pk=pk).first():
                with translation.override(job.language or settings.LANGUAGE_CODE):
                    _work_on(job)
                done += 1
    return done


def _work_on(job: Import) -> None:
    try:
        if job.status == Import.Status.CHECKING:
            _check(job)
        else:
            _import(job)
    except Stopped:
        log.info("Import %s was cancelled", job.pk)
    except (BadMapping, Unreadable) as bad:
        _fail(job, str(bad))
    except (OperationalError, InterfaceError, Lost):
        raise  # The database went away, or somebody took over: the sweep goes on from the last batch.
    except Exception:
        log.exception("Import %s failed", job.pk)
        _fail(job, _("Something went wrong that is not the file's fault. The administrator finds it in the log."))


def _check(job: Import) -> None:
    rehearse(job, source_of(job), is_tracked=True)
    Import.objects.filter(pk=job.pk, status=Import.Status.CHECKING).update(
        status=Import.Status.CHECKED, dry_run=job.dry_run, total=(job.dry_run or {})["total"]
    )


def _import(job: Import) -> None:
    begun = Import.objects.filter(pk=job.pk, status__in=[Import.Status.QUEUED, Import.Status.RUNNING])
    begun.update(status=Import.Status.RUNNING, started_at=job.started_at or now())
    with turn_of(job) as turn:
        # Whoever lost this import to us meanwhile may have gone on with it while we waited.
        job.refresh_from_db(fields=["status", "line", "said"])
        if job.status == Import.Status.RUNNING:
            import_file(job, source_of(job), rings=True, then=partial(_notify, job), step=turn.step)


def _fail(job: Import, error: str) -> None:
    Import.objects.filter(pk=job.pk).update(status=Import.Status.FAILED, error=error, finished_at=now())


def _notify(job: Import) -> None:
    if job.by is None:
        return
    job.refresh_from_db()
    params: ImportParams = {
        "job": job.pk,
        "file": job.file_name,
        "created": job.created,
        "updated": job.updated,
        "rejected": job.rejected,
    }
    Notice.objects.notify([job.by], IMPORT_DONE, params, about=f"import {job.pk}")
