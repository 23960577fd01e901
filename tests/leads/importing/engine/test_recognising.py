"""What a new file is: what its columns seem to hold, where it comes from, which way its dates go."""

from __future__ import annotations

from typing import Any

import pytest

from leads.importing.engine import recognising
from leads.importing.engine.header_words import columns_by_words, plain
from leads.importing.engine.kinds import kind_of
from leads.importing.engine.mapping import ColumnMapping
from leads.importing.engine.recognising import (
    choices,
    doubts,
    guessed,
    guessed_system,
    preview,
    recognise,
    remember,
    unknown_words,
)
from leads.importing.files.reading import Layout, Unreadable
from leads.models import Import, ImportMapping
from tests import make
from tests.leads.importing.importing import job, source_of

pytestmark = pytest.mark.django_db
LEADS = kind_of("leads")


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E-Mail", "email"),
        ("ＥＭＡＩＬ＿ＡＤＤＲＥＳＳ", "email"),
        ("メールアドレス", "email"),
        ("氏名（カナ）", "full_name_reading"),
        ("First Name", "given_name"),
        ("会社名", "company.name"),
        ("Create Date", "created_at"),
        ("company.employees", "company.employees"),
        ("メールアドレス(必須)", "email"),
        ("会社名【必須】", "company.name"),
        ("*E-mail (required)", "email"),
        ("Phone (optional)", "phone"),
        ("Company / Account", "company.name"),
        ("氏名 / Name", "full_name"),
        ("Vorname", "given_name"),
        ("Firma", "company.name"),
        ("Erstellt am", "created_at"),
        ("Prénom", "given_name"),
        ("Correo electrónico", "email"),
    ],
)
def test_a_header_tells_its_field_however_it_is_written(header: str, field: str) -> None:
    assert columns_by_words(LEADS, [header]) == {header: field}


def test_a_header_that_tells_nothing_is_left_out() -> None:
    assert columns_by_words(LEADS, ["備考", "", "—", "Name / Company", "Budget (EUR)"]) == {}


def test_of_two_headers_for_one_field_the_first_counts_but_phones_share_it() -> None:
    assert columns_by_words(LEADS, ["Mail", "Email", "Tel", "携帯電話"]) == {
        "Mail": "email", "Tel": "phone", "携帯電話": "phone",
    }  # fmt: skip


def test_one_header_means_another_field_in_another_kind() -> None:
    assert columns_by_words(LEADS, ["name"]) == {"name": "full_name"}
    assert columns_by_words(kind_of("companies"), ["name"]) == {"name": "name"}


@pytest.mark.parametrize("word", ["E-Mail", "e mail", "Ｅ＿ＭＡＩＬ", "(e)mail!"])
def test_width_case_spaces_and_marks_do_not_count_in_a_header(word: str) -> None:
    assert plain(word) == "email"


@pytest.mark.parametrize(
    ("header", "system"),
    [("Original Traffic Source", "hubspot"), ("再データ化中の名刺", "eight"), ("名刺ID", "sansan"), ("Mail", "csv")],
)
def test_a_tool_is_known_by_headers_that_only_it_has(header: str, system: str) -> None:
    assert guessed_system(LEADS, ["x", header]) == system


def test_the_mapping_of_last_time_counts_before_what_headers_say() -> None:
    headers = ["Mail", "Note"]
    made = job("leads", "Mail,Note\na@x.example,x\n", {"Mail": "email", "Note": "title"}, system="fair")
    remember(made, headers)
    assert guessed(LEADS, ["MAIL", "Note"])["columns"] == {"MAIL": "email", "Note": "title"}
    assert guessed(LEADS, headers)["columns"] == {"Mail": "email", "Note": "title"}
    assert guessed_system(LEADS, headers) == "fair"
    assert guessed(kind_of("companies"), headers)["columns"] == {}


def test_a_mapping_is_remembered_once_as_it_was_the_last_time() -> None:
    made = job("leads", "Mail,Note\na@x.example,x\n", {"Mail": "email"})
    remember(made, ["Mail", "Note"])
    made.mapping = {"columns": {"Mail": "email", "Note": "source"}}
    remember(made, ["Mail", "Note"])
    assert ImportMapping.objects.get().mapping["columns"] == {"Mail": "email", "Note": "source"}


def test_a_file_of_nothing_but_empty_lines_has_no_headers() -> None:
    made = Import(kind="leads", encoding="utf-8-sig", delimiter=",", header_line=3)
    with pytest.raises(Unreadable, match="headers"):
        recognise(made, source_of("a,b\n"))


def test_what_was_said_about_the_file_stays_said() -> None:
    made = Import(kind="leads", encoding="cp932", delimiter=";", header_line=2, date_format="mdy")
    recognise(made, source_of("about\nメール;x\n".encode("cp932")))
    assert (made.encoding, made.delimiter, made.header_line, made.date_format) == ("cp932", ";", 2, "mdy")
    assert made.headers == ["メール", "x"]


SINCE = {"Mail": "email", "Since": "created_at"}


@pytest.mark.parametrize(
    ("dates", "doubt"),
    [
        (["3/4/2025", "25/12/2025"], []),
        (["3/4/2025", "12/25/2025"], []),
        (["3/3/2025"], []),
        (["3/4/2025", ""], ["“Since”: is “3/4/2025” 2025-04-03 or 2025-03-04?"]),
        (["2025-04-03"], []),
    ],
)
def test_the_order_of_dates_is_asked_only_where_no_date_tells(dates: list[str], doubt: list[str]) -> None:
    text = "Mail,Since\n" + "".join(f"a@x.example,{date}\n" for date in dates)
    made = job("leads", text, SINCE)
    assert [str(each) for each in doubts(made, source_of(text))] == doubt


def test_a_column_of_dates_tells_nothing_of_another() -> None:
    text = "Mail,Since,Phone\na@x.example,3/4/2025,25/12/2025\n"
    made = job("leads", text, SINCE | {"Phone": "phone"})
    assert [doubt.header for doubt in doubts(made, source_of(text))] == ["Since"]


ACTIVITIES = {"Mail": "lead.email", "What": "kind", "When": "occurred_at"}


def words(text: str, **mapping: Any) -> list[tuple[str, str]]:
    made = job("activities", text, {"columns": ACTIVITIES, "constants": {}, "values": {}} | mapping)
    return unknown_words(made, source_of(text))


def test_words_that_no_kind_of_activity_has_are_told_once() -> None:
    text = "Mail,What,When\na,ＣＡＬＬ,x\na,Dance,x\na,Dance,x\na,,x\na,Demo request,x\n"
    assert words(text) == [("kind", "Dance")]


def test_a_word_that_the_mapping_translates_is_known() -> None:
    text = "Mail,What,When\na,Dance,x\na,Web Visit,x\n"
    assert words(text, values={"kind": {"dance": "call"}}) == [("kind", "Web Visit")]


def test_no_more_words_are_looked_for_than_somebody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognising, "MOST_WORDS", 3)
    text = "Mail,What,When\n" + "".join(f"a,Dance {n},x\n" for n in range(9))
    assert len(words(text)) == 3


def test_leads_have_no_words_of_ours() -> None:
    text = "Mail,Source\na@x.example,nowhere\n"
    assert unknown_words(job("leads", text, {"Mail": "email", "Source": "source"}), source_of(text)) == []


def test_a_preview_shows_the_first_rows() -> None:
    text = "a\n" + "".join(f"{n}\n" for n in range(20))
    assert [record.cells for record in preview(source_of(text), Layout("utf-8-sig", ",", 1))] == [
        [str(n)] for n in range(8)
    ]


def test_every_field_is_offered_once_under_its_group() -> None:
    offered = [field.name for _group, fields in choices(LEADS) for field in fields]
    assert sorted(offered) == sorted(LEADS.fields)
    assert len({group for group, _fields in choices(LEADS)}) == len(list(choices(LEADS)))


def test_a_custom_column_is_guessed_only_when_it_was_chosen_before() -> None:
    make.custom_field("shoe")
    assert columns_by_words(LEADS, ["shoe", "custom.shoe"]) == {}
    assert ColumnMapping.read(guessed(LEADS, ["shoe"])).columns == {}


def remembered(headers: list[str], columns: dict[str, str]) -> None:
    remember(Import(kind="leads", mapping={"columns": columns}, system="shop"), headers)


def test_a_mapping_is_remembered_though_columns_came_and_went() -> None:
    remembered(["Mail", "Shoe", "Phone", "Note"], {"Mail": "email", "Shoe": "custom.shoe_size"})
    more = ["Note", "MAIL", "Shoe", "Phone", "Firma", "Tel"]
    # What was left out stays out, what is new is told by its words.
    assert guessed(LEADS, more)["columns"] == {
        "MAIL": "email", "Shoe": "custom.shoe_size", "Firma": "company.name", "Tel": "phone",
    }  # fmt: skip
    assert guessed_system(LEADS, more) == "shop"
    assert guessed(LEADS, ["Mail", "Shoe"])["columns"] == {"Mail": "email", "Shoe": "custom.shoe_size"}


def test_another_file_is_not_mapped_like_one_that_shares_a_column() -> None:
    remembered(["Mail", "Shoe", "Phone", "Note"], {"Mail": "email", "Phone": "custom.old_phone"})
    assert (
        guessed(LEADS, ["Mail", "Phone", "Firma", "Vorname", "Nachname", "Erstellt am"])["columns"]["Phone"] == "phone"
    )
