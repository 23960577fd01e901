"""The files of imports, in parts: read in a stream, and kept no longer than they are of use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from leads.importing.engine.jobs import ask_for, run_unfinished
from leads.importing.files.uploads import KEPT_FOR, forget_old, keep, source_of
from leads.models import FilePart, Import
from tests.leads.importing.importing import job

pytestmark = pytest.mark.django_db
Status = Import.Status


@pytest.mark.parametrize("chunks", [[], [b""], [b"mail\n"], [b"ma", b"", b"il\na@x.exa", b"mple\n"], [b"x" * 5000] * 3])
def test_a_file_is_read_as_it_came(chunks: list[bytes]) -> None:
    made = Import.objects.create(kind="leads", file_name="x.csv")
    keep(made, chunks)
    for _time in range(2):
        with source_of(made)() as file:
            assert file.read() == b"".join(chunks)


def test_no_more_than_what_is_read_is_fetched(django_assert_num_queries) -> None:
    made = Import.objects.create(kind="leads", file_name="x.csv")
    keep(made, [b"mail\n" * 300_000] * 20)
    with django_assert_num_queries(1), source_of(made)() as file:
        assert file.readline() == b"mail\n"


def old(status: str, **days: int) -> Import:
    made = job("leads", "mail\na@x.example\n", {"mail": "email"})
    ago = {name: now() - KEPT_FOR - timedelta(days=more) for name, more in days.items()}
    Import.objects.filter(pk=made.pk).update(status=status, **ago)
    return made


@pytest.mark.parametrize(
    ("status", "days", "then", "is_kept"),
    [
        (Status.UPLOADED, {"created_at": 1}, Status.CANCELLED, False),
        (Status.CHECKED, {"created_at": 1}, Status.CANCELLED, False),
        (Status.FAILED, {"created_at": 9, "finished_at": 1}, Status.FAILED, False),
        (Status.FAILED, {"created_at": 1}, Status.FAILED, False),
        (Status.FAILED, {"created_at": 9, "finished_at": -1}, Status.FAILED, True),
        (Status.UPLOADED, {"created_at": -1}, Status.UPLOADED, True),
        (Status.CHECKED, {"created_at": -1}, Status.CHECKED, True),
    ],
)
def test_a_file_that_nobody_goes_on_with_is_kept_for_a_week(
    status: str, days: dict[str, int], then: str, is_kept: bool
) -> None:
    made = old(status, **days)
    forget_old()
    made.refresh_from_db()
    assert (made.status, made.parts.exists()) == (then, is_kept)


def test_one_that_waits_for_the_worker_is_not_forgotten_however_old() -> None:
    made = old(Status.QUEUED, created_at=30)
    assert run_unfinished() == 1
    made.refresh_from_db()
    assert (made.status, made.created) == (Status.DONE, 1)
    assert not FilePart.objects.exists()


def test_without_its_file_an_import_that_failed_cannot_go_on() -> None:
    made = old(Status.FAILED, finished_at=1)
    assert run_unfinished() == 0
    assert not ask_for(made, Status.QUEUED)
