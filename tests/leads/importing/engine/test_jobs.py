"""Imports that run behind a page: who may ask for what, and what becomes of one that fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from pytest_django import Settings

from leads.importing.engine import jobs
from leads.importing.engine.jobs import ask_for, cancel, run_unfinished
from leads.importing.engine.running import unfinished_imports
from leads.models import Import, Lead
from leads.notices import IMPORT_DONE
from teams.models import Notice
from tests import make
from tests.leads.importing.importing import job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
Status = Import.Status
TEXT = "mail\na@x.example\n"


def waiting(status: str, text: str = TEXT, **fields: Any) -> Import:
    made = job("leads", text, {"mail": "email"}, **fields)
    Import.objects.filter(pk=made.pk).update(status=status)
    made.refresh_from_db()
    return made


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were woken."""
    tasks: list[str] = []
    monkeypatch.setattr(jobs, "wake", tasks.append)
    return tasks


@pytest.mark.parametrize(
    ("asked", "from_"),
    [
        (Status.CHECKING, {Status.UPLOADED, Status.CHECKED, Status.FAILED}),
        (Status.QUEUED, {Status.CHECKED, Status.FAILED}),
    ],
)
@pytest.mark.parametrize("status", list(Status))
def test_an_import_is_asked_for_once_and_only_where_it_stands(
    asked: Status, from_: set[Status], status: Status
) -> None:
    made = waiting(status)
    assert ask_for(made, asked) is (status in from_)
    made.refresh_from_db()
    assert made.status == (asked if status in from_ else status)


def test_the_worker_is_woken_only_by_who_asked_first(woken: list[str]) -> None:
    made = waiting(Status.CHECKED)
    assert ask_for(made, Status.QUEUED)
    assert not ask_for(made, Status.QUEUED)
    assert woken == ["leads.tasks.run_imports"]


def test_an_import_that_began_is_not_checked_again_but_goes_on() -> None:
    made = waiting(Status.FAILED, error="The disk is full", line=3)
    assert not ask_for(made, Status.CHECKING)
    assert ask_for(made, Status.QUEUED)
    made.refresh_from_db()
    assert (made.status, made.error, made.finished_at) == (Status.QUEUED, "", None)


@pytest.mark.parametrize("status", list(Status))
def test_what_is_over_cannot_be_cancelled(status: Status) -> None:
    made = waiting(status)
    is_over = status in (Status.DONE, Status.FAILED, Status.CANCELLED)
    assert cancel(made) is not is_over
    made.refresh_from_db()
    if not is_over:
        assert (made.status, made.parts.exists()) == (Status.CANCELLED, False)
        assert made.finished_at


def test_what_waits_or_runs_is_unfinished() -> None:
    made = {status: waiting(status) for status in Status}
    assert set(unfinished_imports()) == {made[status] for status in (Status.QUEUED, Status.CHECKING, Status.RUNNING)}


def test_checking_keeps_the_dry_run_and_brings_nothing_in() -> None:
    made = waiting(Status.CHECKING)
    assert run_unfinished() == 1
    made.refresh_from_db()
    assert (made.status, made.total) == (Status.CHECKED, 1)
    assert made.dry_run is not None
    assert made.dry_run["created"] == 1
    assert not Lead.objects.exists()
    assert run_unfinished() == 0


def test_a_mapping_that_does_not_fit_the_file_fails_the_import_with_its_reason() -> None:
    made = waiting(Status.QUEUED)
    Import.objects.update(mapping={"columns": {"e-mail": "email"}})
    run_unfinished()
    made.refresh_from_db()
    assert (made.status, made.error) == (Status.FAILED, "The file has no column “e-mail”.")
    assert made.finished_at


def test_a_fault_of_ours_is_not_put_on_the_file(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*given: Any, **named: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(jobs, "import_file", broken)
    made = waiting(Status.QUEUED)
    assert run_unfinished() == 1
    made.refresh_from_db()
    assert made.status == Status.FAILED
    assert "not the file's fault" in made.error
    assert "broken" in caplog.text


def test_one_that_fails_does_not_hold_up_the_next() -> None:
    bad, good = waiting(Status.QUEUED), waiting(Status.QUEUED)
    Import.objects.filter(pk=bad.pk).update(mapping={"columns": {"x": "email"}})
    assert run_unfinished() == 2
    good.refresh_from_db()
    assert (good.status, good.created) == (Status.DONE, 1)


def test_who_asked_is_told_what_came_in_and_nobody_for_a_command() -> None:
    mara = make.user()
    made = waiting(Status.QUEUED, "mail\na@x.example\nbad\n", by=mara)
    waiting(Status.QUEUED, by=None)
    run_unfinished()
    told = Notice.objects.of(IMPORT_DONE).get()
    assert (told.user, told.about) == (mara, f"import {made.pk}")
    assert told.params == {"job": made.pk, "file": "test.csv", "created": 1, "updated": 0, "rejected": 1}


@pytest.mark.parametrize(("language", "word"), [("ja", "ありません"), ("en", "is not an e-mail"), ("", "ありません")])
def test_reasons_are_in_the_language_of_whoever_asked_else_in_the_company_s(
    language: str, word: str, settings: Settings
) -> None:
    settings.LANGUAGE_CODE = "ja"
    made = waiting(Status.QUEUED, "mail\nbad\n", language=language)
    with translation.override("en"):
        run_unfinished()
    assert word in made.rejected_rows.get().reasons[0]["reason"]


def test_one_that_was_cancelled_while_it_waited_is_left() -> None:
    made = waiting(Status.QUEUED)
    cancel(made)
    assert run_unfinished() == 0
    assert not Lead.objects.exists()
