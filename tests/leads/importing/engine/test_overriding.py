"""Rows of one file about the same thing: the later overrides the earlier."""

from __future__ import annotations

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.importing.engine.mapping import ColumnMapping, Plan
from leads.importing.engine.overriding import KeyGroups, Overriding
from leads.importing.files.cells import Reading
from leads.importing.files.reading import Layout, headers_of, records
from leads.importing.kinds.leads import LeadImport
from leads.models import (
    Lead,
)
from tests import make
from tests.leads.importing.importing import bring, counts, reasons, source_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM
LEADS = {"id": "external_id", "mail": "email", "title": "title"}


def test_rows_of_one_lead_in_one_file_override_one_another_in_order() -> None:
    text = "id,mail,title\n1,a@x.example,First\n,A@X.example,Second\n1,,Third\n2,b@x.example,Other\n"
    _, told = bring("leads", text, LEADS)
    assert told == counts(created=2, updated=1, unchanged=1)
    assert Lead.objects.get(email="a@x.example").title == "Third"
    assert bring("leads", text, LEADS)[1] == counts(unchanged=4)


def kept(text: str, mapping: dict[str, str]) -> list[dict[str, Any]]:
    """What each row still gives, once later rows have overridden it."""
    source, layout = source_of(text), Layout("utf-8-sig", ",", 1)
    plan = Plan(LeadImport(), ColumnMapping(mapping), headers_of(source, layout), Reading(ZoneInfo("Asia/Tokyo")))
    overriding = Overriding(plan)
    overriding.look(partial(records, source, layout))
    rows = [overriding.without_overridden(plan.row(record)) for record in records(source, layout)]
    assert overriding.total == len(rows)
    return [{name: value for name, value in row.values.items() if name not in ("external_id", "email")} for row in rows]


def test_a_row_keeps_what_no_later_row_gives_otherwise() -> None:
    text = "id,title,phone\n1,First,03\n2,Other,04\n1,Second,\n"
    mapping = {"id": "external_id", "title": "title", "phone": "phone"}
    assert kept(text, mapping) == [{"phone": "03"}, {"title": "Other", "phone": "04"}, {"title": "Second"}]


def test_an_equal_value_stays_in_both_rows() -> None:
    text = "id,title\n1,Head\n1,Head\n"
    assert kept(text, {"id": "external_id", "title": "title"}) == [{"title": "Head"}, {"title": "Head"}]


def test_keys_that_one_row_has_together_are_of_one_lead_for_all_rows() -> None:
    text = "id,mail,title\n1,,First\n,A@x.example,Second\n1,a@x.example,\n"
    assert kept(text, LEADS) == [{}, {"title": "Second"}, {}]


def test_the_last_of_all_keys_of_a_lead_counts_not_the_last_of_each() -> None:
    text = "id,mail,title\n1,a@x.example,First\n,a@x.example,Second\n1,,Third\n,a@x.example,\n"
    assert kept(text, LEADS) == [{}, {}, {"title": "Third"}, {}]


def test_what_is_said_of_the_company_is_overridden_by_rows_of_the_same_company() -> None:
    text = "mail,company,size\na@x.example,㈱見本,10\nb@x.example,(株)見本,20\nc@x.example,例示,5\n"
    mapping = {"mail": "email", "company": "company.name", "size": "company.employees"}
    assert [row.get("company.employees") for row in kept(text, mapping)] == [None, 20, 5]


def test_a_company_that_is_only_named_is_about_nobody_but_the_lead() -> None:
    text = "mail,company\na@x.example,Mihon\nb@x.example,ＭＩＨＯＮ\n"
    rows = kept(text, {"mail": "email", "company": "company.name"})
    assert rows == [{"company.name": "Mihon"}, {"company.name": "ＭＩＨＯＮ"}]


def test_when_a_lead_came_is_overridden_by_no_later_row() -> None:
    text = "mail,since,title\na@x.example,2025-01-01,First\na@x.example,2025-02-01,Second\n"
    rows = kept(text, {"mail": "email", "since": "created_at", "title": "title"})
    assert [("created_at" in row, row.get("title")) for row in rows] == [(True, None), (True, "Second")]


def test_a_row_that_is_rejected_overrides_nothing() -> None:
    text = "id,mail,title\n1,,First\n1,bad,Second\n"
    made, told = bring("leads", text, LEADS)
    assert told == counts(created=1, rejected=1)
    assert Lead.objects.get().title == "First"
    assert made.line == 3


def test_keys_are_joined_into_one_thing_in_any_order() -> None:
    groups = KeyGroups()
    groups.join(["a", "b"])
    groups.join(["c", "d"])
    assert groups.root("b") != groups.root("d")
    groups.join(["d", "a"])
    assert len({groups.root(key) for key in "abcd"}) == 1
    assert groups.root("e") == "e"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # One id, two addresses.
        ("id,mail,title\n1,a@x.example,A\n1,b@x.example,B\n2,c@x.example,C\n", counts(created=1, rejected=2)),
        ("id,mail,title\n1,a@x.example,A\n1,A@X.example,B\n1,,C\n", counts(created=1, updated=2)),
        # The id that identifies nothing names nobody.
        ("id,mail,title\n-,a@x.example,A\n-,b@x.example,B\n", counts(created=2)),
    ],
)
def test_an_id_that_names_two_addresses_is_refused_with_both_lines(text: str, told: dict[str, int]) -> None:
    made, counted = bring("leads", text, LEADS)
    assert counted == told
    assert [line for line, _why in reasons(made)] == ([2, 3] if told["rejected"] else [])
    assert all("Lines 2 and 3" in why for _line, (why,) in reasons(made))


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("2,info@x.example,Ito Ken", counts(rejected=2)),
        ("2,info@x.example,Sato Jiro", counts(created=1, updated=1)),
        ("2,info@x.example,", counts(created=1, updated=1)),
        (",info@x.example,Ito Ken", counts(created=1, updated=1)),
    ],
)
def test_two_people_at_one_address_are_not_made_one(second: str, told: dict[str, int]) -> None:
    text = f"id,mail,name\n1,info@x.example,Sato Jiro\n{second}\n"
    mapping = {"id": "external_id", "mail": "email", "name": "full_name"}
    assert bring("leads", text, mapping)[1] == told
