"""Files as rows of cells: encodings, delimiters, lines, headers."""

from __future__ import annotations

import pytest

from leads.importing.files import layouts
from leads.importing.files.layouts import delimiter_of, encoding_of, header_line_of, recognised, unreadable_places
from leads.importing.files.reading import (
    LONGEST_CELL,
    LONGEST_ROW,
    MOST_COLUMNS,
    Fault,
    Layout,
    Unreadable,
    header_digest,
    headers_of,
    records,
)
from tests.leads.importing.importing import source_of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_layouts_are_recognised(encoding: str, delimiter: str, end: str) -> None:
    rows = [["会社名", "氏名", "備考"], ["㈱見本", "髙橋 太郎", ""], ["例示", "名無 次郎", "x"]]
    source = source_of((end.join(delimiter.join(row) for row in rows) + end).encode(encoding))
    layout = recognised(source)
    assert (layout.delimiter, layout.header_line) == (delimiter, 1)
    assert headers_of(source, layout) == rows[0]
    assert [record.cells for record in records(source, layout)] == rows[1:]


def test_lines_are_counted_as_in_an_editor() -> None:
    source = source_of('about\n\nmail,note\na@x.example,"two\nlines"\n\nb@x.example,\n')
    layout = recognised(source)
    assert layout == Layout("utf-8-sig", ",", 3)
    assert [(record.line, record.end) for record in records(source, layout)] == [(4, 5), (7, 7)]
    assert [record.line for record in records(source, layout, behind=5)] == [7]


def faults(text: str) -> list[tuple[int, int, Fault]]:
    found = records(source_of(text), Layout("utf-8-sig", ",", 1))
    return [(record.line, record.end, record.error) for record in found]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('a,"open\nb,x\nc,y\n', [(2, 2, "quotes"), (3, 3, ""), (4, 4, "")]),
        ('a,"open\nb,"fine, too"\nc,y\n', [(2, 2, "quotes"), (3, 3, ""), (4, 4, "")]),
        ('a,"open\nb,"open\nc,y\n', [(2, 2, "quotes"), (3, 3, "quotes"), (4, 4, "")]),
        ('a,"wants 5" pipe"\nb,x\n', [(2, 2, "quotes"), (3, 3, "")]),
        ('a,wants 5" pipe\nb,x\n', [(2, 2, ""), (3, 3, "")]),
        # One that closes by chance: the line between is a row of its own.
        ('a@x.example,"open\nb@x.example,x\nc@x.example,"\n', [(2, 2, "quotes"), (3, 3, ""), (4, 4, "quotes")]),
        ('a@x.example,"two\nlines, to b@x.example"\nb,x\n', [(2, 3, ""), (4, 4, "")]),
        ('a,"closed" \nb,x\n', [(2, 2, ""), (3, 3, "")]),
        ('a,"open', [(2, 2, "quotes")]),
    ],
)
def test_a_quotation_mark_that_is_never_closed_costs_its_row_only(
    rows: str, found: list[tuple[int, int, Fault]]
) -> None:
    assert faults("mail,note\n" + rows) == found


def test_a_row_that_cannot_be_cut_keeps_its_text() -> None:
    (found,) = records(source_of('mail,note\na,"open\n'), Layout("utf-8-sig", ",", 1))
    assert found.cells == ["a", "open"]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("a," + "x" * LONGEST_CELL, ""),
        ("a," + "x" * (LONGEST_CELL + 1), "length"),
        ("a," + "x" * 140_000, "length"),
        ("," * (MOST_COLUMNS - 1) + "x", ""),
        ("," * MOST_COLUMNS + "x", "length"),
        ("x" * (LONGEST_ROW + 10), "length"),
        (",".join(["x" * 90_000] * 50), "length"),
    ],
    ids=len,
)
def test_a_row_is_as_long_as_it_may_be_and_another_costs_itself_only(row: str, error: Fault) -> None:
    assert faults(f"mail,note\n{row}\nb,x\n") == [(2, 2, error), (3, 3, "")]


def test_a_file_of_too_many_columns_is_refused_in_one_line() -> None:
    with pytest.raises(Unreadable, match="more than 2,000 columns"):
        headers_of(source_of("a," * MOST_COLUMNS + "b\n"), Layout("utf-8-sig", ",", 1))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00" + b"\x00" * 400, "xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504, "xls"),
        (b"%PDF-1.7\n\xe2", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"<html><table><tr><td>E-mail</td></tr></table></html>", "HTML"),
        (b'<?xml version="1.0"?><Workbook/>', "XML"),
        ("E-mail,Name\na@x.example,A\n".encode("utf-16-le"), "UTF-16"),
        ("E-mail,Name\na@x.example,A\n".encode("utf-16-be"), "UTF-16"),
        ("E-mail,Name\na@x.example,A\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_what_is_no_table_of_text_says_what_to_do(content: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told) as refused:
        recognised(source_of(content))
    assert "Save it as" in str(refused.value) or "save it as" in str(refused.value)


def test_a_nul_in_the_headers_is_refused_in_a_cell_it_is_not() -> None:
    layout = recognised(source_of("E-mail,Na\0me\na@x.example,A\n"))
    with pytest.raises(Unreadable, match="NUL"):
        headers_of(source_of("E-mail,Na\0me\na@x.example,A\n"), layout)
    assert headers_of(source_of("E-mail,Name\na@x.example,\0\n"), layout) == ["E-mail", "Name"]


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("E-mail;Address\na@x.example;Street 1, City, Land\nb@x.example;Road 2, Town, Land\n", (";", 1)),
        ("E-mail|Name|Phone\na@x.example|A|1\n", ("|", 1)),
        ("sep=;\nE-mail;Name\na@x.example;A\n", (";", 2)),
        ("a@x.example,Aya,Nakamura\nb@x.example,Bo,Sato\n", (",", 0)),
        ("1,2026-11-16\n2,2026-11-17\n", (",", 0)),
        ("\ufeff\ufeffE-mail,Name\na@x.example,A\n", (",", 1)),
    ],
)
def test_delimiters_and_headers_are_told_apart(text: str, layout: tuple[str, int]) -> None:
    found = recognised(source_of(text))
    assert (found.delimiter, found.header_line) == layout


def test_without_headers_the_columns_are_numbered_and_no_row_is_lost() -> None:
    source = source_of("a@x.example,Aya\nb@x.example,Bo\n")
    layout = recognised(source)
    assert headers_of(source, layout) == ["Column 1", "Column 2"]
    assert [(record.line, record.cells[1]) for record in records(source, layout)] == [(1, "Aya"), (2, "Bo")]


def test_headers_are_each_different() -> None:
    assert headers_of(source_of("a,a,,b\n"), Layout("utf-8-sig", ",", 1)) == ["a", "a (2)", "Column 3", "b"]
    twice = headers_of(source_of("\ufeff\ufeffPhone,Phone,Phone (2)\n"), Layout("utf-8-sig", ",", 1))
    assert twice == ["Phone", "Phone (2)", "Phone (2) (2)"]


def test_a_layout_is_known_by_its_headers_without_what_a_download_added() -> None:
    assert header_digest(["Mail", "Name"]) == header_digest(
        ["mail", "ＮＡＭＥ", "Smarketing line", "Smarketing reason"]
    )
    assert header_digest(["Mail", "Name"]) != header_digest(["Name", "Mail"])


def test_a_mark_at_the_beginning_tells_the_encoding() -> None:
    assert encoding_of(source_of("名".encode("utf-16-be").join([b"\xfe\xff", b""]))) == "utf-16"
    broken_but_marked = b"\xef\xbb\xbfname\n\x8e\x96\n"
    assert encoding_of(source_of(broken_but_marked)) == "utf-8-sig"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"", "utf-8-sig"),
        (b"plain", "utf-8-sig"),
        ("髙橋".encode("cp932"), "cp932"),
        # One byte is broken: UTF-8 still reads better.
        ("会社名,氏名,備考".encode() + b"\xff", "utf-8-sig"),
    ],
)
def test_the_encoding_is_the_one_that_reads_best(content: bytes, encoding: str) -> None:
    assert encoding_of(source_of(content)) == encoding


def test_a_letter_that_is_cut_by_a_chunk_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "CHUNK", 1)
    assert unreadable_places(source_of("髙橋"), "utf-8-sig") == 0
    assert unreadable_places(source_of("髙橋".encode()[:-1]), "utf-8-sig") == 1


def test_commas_in_cells_do_not_hide_another_delimiter() -> None:
    assert delimiter_of('name;note\n"Nakamura, Aya";"a, b, c"\n"Sato, Ken";x\n') == ";"
    assert delimiter_of("one column only\nof text\n") == ","


def test_lines_before_the_headers_are_left_out_also_where_they_are_filled() -> None:
    text = "Exported on 2026-11-16\nBy,Mara\n\nmail,name,phone\na@x.example,Aya,03\nb@x.example,Ken,\n"
    assert header_line_of(text, ",") == 4
    assert header_line_of("", ",") == 1


def test_a_mostly_empty_line_is_not_the_headers() -> None:
    assert header_line_of("title,,,\na,b,c,d\n1,2,3,4\n", ",") == 2


@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff"])
def test_an_empty_file_cannot_be_read(content: str) -> None:
    with pytest.raises(Unreadable, match="empty"):
        recognised(source_of(content))


def test_rows_without_anything_are_no_rows() -> None:
    found = records(source_of("a,b\n,\n\n ,x\n"), Layout("utf-8-sig", ",", 1))
    assert [(record.line, record.cells) for record in found] == [(4, [" ", "x"])]


@pytest.mark.parametrize(("behind", "lines"), [(0, [2, 3]), (1, [2, 3]), (2, [3]), (3, [])])
def test_rows_go_on_behind_the_last_line_that_was_done(behind: int, lines: list[int]) -> None:
    found = records(source_of("a\nx\ny\n"), Layout("utf-8-sig", ",", 1), behind=behind)
    assert [record.line for record in found] == lines


def test_a_header_over_several_lines_is_one_line_and_a_third_is_numbered() -> None:
    assert headers_of(source_of('"Work\n mail",x,x,x\n'), Layout("utf-8-sig", ",", 1)) == [
        "Work mail", "x", "x (2)", "x (3)",
    ]  # fmt: skip


def test_where_the_file_ends_before_its_headers_there_are_none() -> None:
    assert headers_of(source_of("a,b\n"), Layout("utf-8-sig", ",", 5)) == []
