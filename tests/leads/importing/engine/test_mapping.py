"""Which column becomes which field, and how a row is read."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.importing.engine.mapping import BadMapping, ColumnMapping, MappedColumn, Plan, Rejected
from leads.importing.files.cells import Reading
from leads.importing.files.reading import Record
from leads.importing.kinds.leads import LeadImport
from leads.models import (
    Lead,
)
from tests import make
from tests.leads.importing.importing import bring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tokyo")]
NOW = make.MONDAY_9AM


def plan(headers: list[str], columns: dict[str, str], **more: Any) -> Plan:
    mapping = ColumnMapping(columns, more.get("constants", {}), more.get("values", {}))
    return Plan(LeadImport(), mapping, headers, Reading(ZoneInfo("Asia/Tokyo")))


def read(plan: Plan, *cells: str) -> dict[str, Any]:
    return plan.row(Record(2, 2, list(cells))).values


def reasons(plan: Plan, *cells: str) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as refused:
        plan.row(Record(2, 2, list(cells)))
    return [(each["column"], each["reason"]) for each in refused.value.reasons]


def test_constants_fill_and_words_are_translated() -> None:
    mapping = {
        "columns": {"mail": "email", "from": "source"},
        "constants": {"country": "Japan", "source": "unknown"},
        "values": {"source": {"展示会": "exhibition"}},
    }
    bring("leads", "mail,from\na@x.example,展示会\nb@x.example,\nc@x.example,web\n", mapping)
    assert list(Lead.objects.order_by("email").values_list("source", "country")) == [
        ("exhibition", "Japan"),
        ("unknown", "Japan"),
        ("web", "Japan"),
    ]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ([], "A mapping is an object with columns, constants and values."),
        (None, "A mapping is an object with columns, constants and values."),
        ({"column": {}}, "A mapping has no part “column”."),
        ({"columns": []}, "Columns, constants and values are objects."),
        ({"values": {"source": ["web"]}}, "Columns, constants and values are objects."),
    ],
)
def test_what_is_no_mapping_says_why(written: Any, why: str) -> None:
    with pytest.raises(BadMapping, match=why):
        ColumnMapping.read(written)


def test_a_mapping_is_read_as_it_was_written() -> None:
    written = {"columns": {"mail": "email"}, "constants": {"source": "web"}, "values": {"source": {"展示会": "fair"}}}
    assert ColumnMapping.read(written).as_written() == written
    assert ColumnMapping.read({}) == ColumnMapping()


def test_a_column_that_is_left_out_is_none_and_a_number_is_a_word() -> None:
    mapping = ColumnMapping.read({"columns": {"mail": "email", "note": "", "x": None}, "constants": {"source": 5}})
    assert (mapping.columns, mapping.constants) == ({"mail": "email"}, {"source": "5"})


@pytest.mark.parametrize("header", ["Work  Mail", "ＷＯＲＫ ＭＡＩＬ", " work mail "])
def test_a_header_is_found_whatever_its_width_case_and_spaces(header: str) -> None:
    assert read(plan(["Work Mail"], {header: "email"}), "a@x.example") == {"email": "a@x.example"}


def test_a_header_as_it_is_written_counts_before_one_that_is_like_it() -> None:
    assert read(plan(["MAIL", "mail"], {"mail": "email"}), "a@x.example", "b@x.example") == {"email": "b@x.example"}


def test_a_header_or_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(BadMapping, match="The file has no column “mail”"):
        plan(["e-mail"], {"mail": "email"})
    with pytest.raises(BadMapping, match="There is no field “shoe” in Leads"):
        plan(["mail"], {"mail": "shoe"})
    with pytest.raises(BadMapping, match="There is no field “shoe” in Leads"):
        plan(["mail"], {"mail": "email"}, constants={"shoe": "44"})


def test_of_several_columns_for_one_field_the_first_that_is_filled_counts() -> None:
    phones = plan(["mail", "office", "mobile"], {"mail": "email", "mobile": "phone", "office": "phone"})
    assert read(phones, "a@x.example", "03-1", "090-2")["phone"] == "03-1"
    assert read(phones, "a@x.example", "  ", "090-2")["phone"] == "090-2"
    assert "phone" not in read(phones, "a@x.example")


def test_a_full_name_does_not_override_its_parts() -> None:
    names = plan(["mail", "姓", "氏名"], {"mail": "email", "姓": "family_name", "氏名": "full_name"})
    assert names.field_names == ["email", "family_name", "given_name"]
    assert read(names, "a@x.example", "髙橋", "高橋 彩") == {
        "email": "a@x.example", "family_name": "髙橋", "given_name": "彩",
    }  # fmt: skip


def test_words_are_translated_whatever_their_width_and_case() -> None:
    sources = plan(["mail", "from"], {"mail": "email", "from": "source"}, values={"source": {" Web ": "website"}})
    assert read(sources, "a@x.example", "ＷＥＢ")["source"] == "website"
    assert read(sources, "a@x.example", "website 2")["source"] == "website 2"


def test_a_constant_is_translated_too() -> None:
    sources = plan(["mail"], {"mail": "email"}, constants={"source": "web"}, values={"source": {"web": "website"}})
    assert read(sources, "a@x.example")["source"] == "website"


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("'+81 3", "+81 3"), ("'=1+1", "=1+1"), ("'-", "-"), ("'tis", "'tis"), ("''+1", "''+1"), ("'", "'")],
)
def test_one_apostrophe_goes_that_a_download_put_before_a_formula(cell: str, kept: str) -> None:
    column = MappedColumn(LeadImport.fields["title"], "t", (0,), "", {})
    assert Plan.cell(column, [cell]) == kept


def test_every_wrong_cell_is_told_at_its_column_in_the_order_of_the_file() -> None:
    wrong = plan(["since", "mail"], {"mail": "email", "since": "external_id"}, constants={"consent": "perhaps"})
    assert reasons(wrong, "x" * 201, "bad") == [
        ("since", "Longer than 200 characters."),
        ("mail", "“bad” is not an e-mail address."),
        ("consent", "“perhaps” is neither yes nor no."),
    ]


def test_a_side_cell_that_cannot_be_read_is_left_empty_and_told() -> None:
    side = plan(["mail", "since", "size"], {"mail": "email", "since": "created_at", "size": "company.employees"})
    told: list[str] = []
    side.reading.warn = told.append
    assert side.row(Record(2, 2, ["a@x.example", "soon", "101～300名"])).values == {"email": "a@x.example"}
    assert told == [
        "“since” was left empty: “soon” is not a date.",
        "“size” was left empty: “101～300名” is not a number.",
    ]


@pytest.mark.parametrize("cell", ["caf\N{REPLACEMENT CHARACTER}", "nul\0"])
def test_letters_that_cannot_be_read_are_refused(cell: str) -> None:
    title = plan(["mail", "title"], {"mail": "email", "title": "title"})
    assert reasons(title, "a@x.example", cell) == [("title", "Holds characters that cannot be read.")]


def test_cells_beyond_the_headers_are_refused_only_where_they_hold_something() -> None:
    one = plan(["mail"], {"mail": "email"})
    assert read(one, "a@x.example", "", " ") == {"email": "a@x.example"}
    assert reasons(one, "a@x.example", "", "x")[0][1].startswith("3 cells, but there are 1 headers")


def test_a_row_that_could_not_be_cut_is_refused_as_a_whole() -> None:
    with pytest.raises(Rejected) as refused:
        plan(["mail"], {"mail": "email"}).row(Record(5, 9, [], error="quotes"))
    assert (refused.value.line, refused.value.end) == (5, 9)
    assert refused.value.reasons == [
        {"column": "", "reason": "A quotation mark is not closed, or stands in the middle of a cell."}
    ]


def test_quietly_nothing_is_told_but_what_is_wrong_stays_wrong() -> None:
    told: list[str] = []
    mail = Plan(LeadImport(), ColumnMapping({"mail": "email"}), ["mail"], Reading(ZoneInfo("UTC"), warn=told.append))
    two = Record(2, 2, ["a@x.example; b@x.example"])
    mail.row(two, quietly=True)
    assert told == []
    mail.row(two)
    assert len(told) == 1
    with pytest.raises(Rejected):
        mail.row(Record(2, 2, ["bad"]), quietly=True)
