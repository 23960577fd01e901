"""A batch: its warnings, its staging table, and what is found in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.importing.engine.batches import MOST_WARNINGS, Batch, Warnings
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import ColumnMapping, Plan, Row
from leads.importing.files.cells import Reading
from leads.models import PendingReevaluation
from leads.registering.reevaluation import enqueue_reevaluation
from tests import make

NOW = make.MONDAY_9AM
pytestmark = pytest.mark.django_db


def batch(kind: str, *rows: dict[str, Any], **how: Any) -> Batch:
    """Rows as they were read, in the order of lines 2, 3, …"""
    fields = list(dict.fromkeys(name for row in rows for name in row))
    plan = Plan(kind_of(kind), ColumnMapping({name: name for name in fields}), fields, Reading(ZoneInfo("Asia/Tokyo")))
    read = [Row(line, line, [], {n: v for n, v in row.items() if v is not None}) for line, row in enumerate(rows, 2)]
    return Batch(plan, read, NOW, "crm", "import 7", **how)


# ---- Warnings


def test_a_sentence_is_kept_once() -> None:
    warnings = Warnings()
    for _ in range(3):
        warnings.add("The same.")
    assert warnings.all() == ["The same."]


def test_after_many_the_rest_is_counted() -> None:
    warnings = Warnings()
    for number in range(MOST_WARNINGS + 7):
        warnings.add(f"Line {number}")
    assert len(warnings.all()) == MOST_WARNINGS + 1
    assert warnings.all()[-1] == "And 7 more of this kind."


def test_what_was_said_before_an_interruption_is_kept() -> None:
    warnings = Warnings(["Before."])
    warnings.add("After.")
    assert warnings.all() == ["Before.", "After."]


# ---- What the file gives


def test_a_file_gives_the_fields_that_are_mapped() -> None:
    given = batch("leads", {"email": "a@x.example", "custom.rank": "3"})
    assert given.gives("email")
    assert not given.gives("title")
    assert given.gives("custom.")
    assert not given.gives("company.custom.")


def test_a_full_name_gives_both_its_parts_and_unsubscribed_gives_consent() -> None:
    given = batch("leads", {"full_name": "x", "unsubscribed": "yes"})
    assert given.gives("family_name")
    assert given.gives("given_name")
    assert given.gives("consent")
    assert not given.gives("full_name")


@pytest.mark.parametrize(("at_once", "news"), [(True, NOW), (False, None)])
def test_a_batch_is_news_only_where_the_importer_asks(at_once: bool, news: Any) -> None:
    assert batch("leads", {"email": "a@x.example"}, qualify_at_once=at_once).news_at == news


# ---- The staging table


def test_rows_are_staged_with_null_for_what_they_do_not_give() -> None:
    given = batch(
        "leads",
        {"email": "a@x.example", "title": 'Head "of"\nall, %s', "custom.rank": 3, "custom.note": None},
        {"email": "b@x.example", "title": None, "custom.rank": None, "custom.note": None},
    )
    given.stage(email_key=lambda values: values["email"].upper())
    assert given.fetch(
        "SELECT line, email, title, custom, phone, email_key, is_new FROM staging_rows ORDER BY line"
    ) == [
        (2, "a@x.example", 'Head "of"\nall, %s', '{"rank": 3}', None, "A@X.EXAMPLE", False),
        (3, "b@x.example", None, None, None, "B@X.EXAMPLE", False),
    ]


def test_a_column_that_is_derived_stands_in_place_of_the_field() -> None:
    given = batch("leads", {"email": "a@x.example", "title": "Buyer"})
    given.stage(title=lambda values: "Chief")
    assert given.fetch("SELECT title FROM staging_rows") == [("Chief",)]


def test_staging_again_begins_anew() -> None:
    given = batch("leads", {"email": "a@x.example"})
    for _ in range(2):
        given.stage()
    assert given.fetch("SELECT count(*) FROM staging_rows") == [(1,)]


def test_rows_about_one_thing_take_turns_in_the_order_of_the_file() -> None:
    given = batch(
        "leads",
        {"external_id": "1", "email": "a@x.example"},
        {"external_id": "2", "email": None},
        {"external_id": None, "email": "A@x.example"},
        {"external_id": "1", "email": None},
        {"external_id": "2", "email": "a@x.example"},
    )
    given.stage()
    assert given.fetch("SELECT line, turn FROM staging_rows ORDER BY line") == [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3)]


def test_a_row_that_is_put_off_gets_its_turn() -> None:
    given = batch("leads", {"external_id": "1"}, {"external_id": "2"})
    given.stage()
    seen = []
    for turn in given.turns():
        seen.append((turn, given.fetch("SELECT count(*) FROM staging_rows WHERE turn = %(turn)s", turn=turn)[0][0]))
        if turn == 1:
            given.execute("UPDATE staging_rows SET turn = 3 WHERE line = 3")
    assert seen == [(1, 2), (3, 1)]


def test_a_refused_row_tells_its_reason_and_counts_as_nothing() -> None:
    given = batch("leads", *({"external_id": str(n)} for n in range(5)))
    given.stage()
    given.refuse(3, "mail", "Not “that” one, 100 %.")
    given.execute("UPDATE staging_rows SET is_new = true WHERE line IN (2, 3)")
    given.execute("UPDATE staging_rows SET is_changed = true WHERE line IN (2, 3, 4)")
    assert given.rejected() == {3: [{"column": "mail", "reason": "Not “that” one, 100 %."}]}
    assert given.outcome() == (1, 1, 2)


def test_a_statement_may_name_what_the_batch_knows() -> None:
    given = batch("leads", {"external_id": "1"}, by_id=5)
    assert given.fetch("SELECT %(at)s::timestamptz, %(system)s, %(how)s, %(by)s, %(more)s", more="x") == [
        (NOW, "crm", "import 7", 5, "x")
    ]
    assert given.execute("SELECT 1 UNION ALL SELECT 2") == 2


# ---- Who is evaluated anew

SELECTED = "SELECT %(lead)s::bigint, %(at)s::timestamptz, NULL::timestamptz"


def test_leads_are_enqueued_and_become_one_with_what_waits() -> None:
    lead = make.lead()
    enqueue_reevaluation([lead.pk], at=NOW - timedelta(days=1), news_at=NOW - timedelta(days=1))
    batch("leads", {"external_id": "1"}).enqueue(
        f"SELECT * FROM ({SELECTED}) q (lead_id, due_at, news_at)", lead=lead.pk
    )
    assert list(PendingReevaluation.objects.values_list("due_at", "news_at")) == [(NOW, NOW - timedelta(days=1))]


def test_in_a_dry_run_nobody_is_enqueued() -> None:
    batch("leads", {"external_id": "1"}, is_dry=True).enqueue("this is never run")
    assert not PendingReevaluation.objects.exists()
