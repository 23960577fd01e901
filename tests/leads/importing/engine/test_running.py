"""An import from its first row to its last, interrupted or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.importing.engine import running
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import Plan
from leads.importing.files import uploads
from leads.models import (
    Activity,
    CustomField,
    Import,
    Lead,
    RejectedRow,
)
from leads.registering.registration import register
from teams.models import Notice, Role
from tests import make
from tests.leads.importing.importing import bring, counts, job, reasons, source_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
TABLES = kind_of("leads").tables
LEADS = {"id": "external_id", "mail": "email", "title": "title"}
DID = {
    "lead": "lead.external_id",
    "what": "kind",
    "when": "occurred_at",
    "page": "properties.page",
    "msg": "message_id",
}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batches_do_not_matter(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", size)
    text = "id,mail,title\n1,a@x.example,First\n,A@X.example,Second\n1,,Third\n2,b@x.example,Other\nx,bad,y\n"
    assert bring("leads", text, LEADS)[1] == counts(created=2, updated=1, unchanged=1, rejected=1)
    assert bring("leads", text, LEADS)[1] == counts(unchanged=4, rejected=1)


def test_what_the_database_refuses_stands_alone() -> None:
    CustomField.objects.create(key="note", name_en="Note")
    text = "mail,n\n" + "".join(f"m{n}@x.example,{n}\n" for n in range(20)) + "bad@x.example,\x00\n"
    made, told = bring("leads", text, {"mail": "email", "n": "custom.note"})
    assert told == counts(created=20, rejected=1)
    assert reasons(made)[0][0] == 22


def fails_on(monkeypatch: pytest.MonkeyPatch, name: str, fault: Any) -> None:
    real = getattr(running.Run if name == "_import_batch" else Plan, name)

    def fail(self: Any, given: Any, *more: Any) -> Any:
        if fault(given):
            raise KeyError("a defect")
        return real(self, given, *more)

    monkeypatch.setattr(running.Run if name == "_import_batch" else Plan, name, fail)


@pytest.mark.parametrize("name", ["row", "_import_batch"])
def test_a_row_on_which_we_fail_stands_alone_and_administrators_are_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = make.user(Role.ADMINISTRATOR)
    fails_on(monkeypatch, name, lambda given: 5 in ([given.line] if name == "row" else [row.line for row in given]))
    text = "mail\n" + "".join(f"m{n}@x.example\n" for n in range(10))
    made, told = bring("leads", text, {"mail": "email"})
    assert told == counts(created=9, rejected=1)
    assert reasons(made)[0][0] == 5
    notice = Notice.objects.get(kind="row_failed")
    assert (notice.user, notice.params) == (admin, {"job": made.pk, "file": "test.csv", "line": 5})


def test_where_we_fail_on_every_row_the_import_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_on(monkeypatch, "row", lambda _record: True)
    text = "mail\n" + "".join(f"m{n}@x.example\n" for n in range(60))
    with pytest.raises(KeyError):
        bring("leads", text, {"mail": "email"})


def test_bad_cells_reject_their_row_with_every_reason_and_the_good_rows_stay() -> None:
    text = "mail,since\njiro@nanashi,2025-13-40\nok@x.example,2025-01-02\nx@x.example,2025-02-29 10:00\n"
    made, told = bring("leads", text, {"mail": "email", "since": "stage.mql"})
    assert told == counts(created=1, rejected=2)
    assert [line for line, _ in reasons(made)] == [2, 4]
    assert len(reasons(made)[0][1]) == 2
    assert RejectedRow.objects.filter(line=2).get().cells == ["jiro@nanashi", "2025-13-40"]


def test_a_dry_run_counts_and_leaves_nothing() -> None:
    text = "id,mail,title\n1,a@x.example,Head\n1,,Chief\n2,bad,\n"
    made, told = bring("leads", text, {**LEADS, "title": "custom.new"}, is_dry=True)
    assert told == counts(created=1, updated=1, rejected=1)
    assert made.dry_run is not None
    assert made.dry_run["rejected_rows"][0]["line"] == 4
    assert not Lead.objects.exists()
    assert not CustomField.objects.exists()
    assert not RejectedRow.objects.exists()


def test_each_batch_of_a_long_file_takes_its_own_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 1)
    made, real = job("leads", "email\na@x.example\nb@x.example\n"), running.Run._import_rows
    with time_machine.travel(NOW, tick=False) as clock:

        def slow(self: Any, *args: Any, **more: Any) -> Any:
            clock.shift(600)
            return real(self, *args, **more)

        monkeypatch.setattr(running.Run, "_import_rows", slow)
        running.import_file(made, uploads.source_of(made))
    moments = Lead.objects.order_by("pk").values_list("created_at", flat=True)
    assert list(moments) == [NOW, NOW + timedelta(minutes=10)]


@pytest.mark.parametrize(("page", "line"), [("", 5), ('"two\nlines"', 9)], ids=["line", "lines"])
def test_a_job_that_was_interrupted_goes_on_behind_its_last_batch(
    page: str, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    rows = "".join(f"1,call,2026-11-0{1 + n % 2},{page}\n" for n in range(7))
    register({"email": "a@x.example"}, identities=[("crm", "1")], at=NOW)
    made = job("activities", f"lead,what,when,page\n{rows}", {k: v for k, v in DID.items() if k != "msg"})
    whole, batch = running.Run._batch, iter(range(10))

    def until_killed(self: Any, some: Any) -> None:
        if next(batch) == 2:
            raise KeyboardInterrupt
        whole(self, some)

    monkeypatch.setattr(running.Run, "_batch", until_killed)
    with pytest.raises(KeyboardInterrupt):
        running.import_file(made, uploads.source_of(made), at=NOW)
    made.refresh_from_db()
    assert (made.line, made.created) == (line, 4)
    monkeypatch.setattr(running.Run, "_batch", whole)
    running.import_file(made, uploads.source_of(made), at=NOW)
    made.refresh_from_db()
    assert (made.status, made.created, made.unchanged, made.total) == ("done", 7, 0, 7)
    assert Activity.objects.count() == 7


def test_a_cancelled_job_stops_before_the_next_batch() -> None:
    made = job("leads", "mail\na@x.example\n", {"mail": "email"})
    Import.objects.update(status=Import.Status.CANCELLED)
    with pytest.raises(running.Stopped):
        running.import_file(made, source_of("mail\na@x.example\n"), at=NOW)
    assert not Lead.objects.exists()


@pytest.mark.parametrize(("known", "analyzed"), [(20, True), (29, True), (30, False), (1000, False)])
def test_the_planner_is_told_of_tables_that_grew_by_a_tenth(
    known: int, analyzed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MANY_ROWS", 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = %s WHERE oid = ANY (%s::regclass[])", [known, list(TABLES)])
    with CaptureQueriesContext(connection) as asked:
        bring("leads", "mail\na@x.example\nb@x.example\nc@x.example\n", {"mail": "email"})
    assert any(query["sql"].startswith("ANALYZE leads_lead") for query in asked) == analyzed
