"""How files are read: encodings, delimiters, headers, dates, names, numbers."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.importing.engine import cells
from leads.importing.engine.cells import Reading, Refused
from leads.importing.engine.moments import order_of, read_day, read_moment
from leads.importing.engine.reading import Layout, header_digest, headers_of, recognised, records
from tests.leads.importing.importing import source_of

TOKYO = ZoneInfo("Asia/Tokyo")
READING = Reading(TOKYO)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-04-03", "2025-04-03 00:00"),
        ("2025/4/3", "2025-04-03 00:00"),
        ("２０２５／４／３", "2025-04-03 00:00"),
        ("2025.04.03", "2025-04-03 00:00"),
        ("2025年4月10日", "2025-04-10 00:00"),
        ("2025年4月10日(木) 14時05分", "2025-04-10 14:05"),
        ("令和7年4月3日", "2025-04-03 00:00"),
        ("令和元年5月1日", "2019-05-01 00:00"),
        ("平成31年4月30日", "2019-04-30 00:00"),
        ("昭和64年1月7日", "1989-01-07 00:00"),
        ("R7.4.3", "2025-04-03 00:00"),
        ("20250403", "2025-04-03 00:00"),
        ("45757", "2025-04-10 00:00"),
        ("45757.5", "2025-04-10 12:00"),
        ("2025-03-12 09:14", "2025-03-12 09:14"),
        ("2025-03-12T09:14:05.123456", "2025-03-12 09:14:05.123456"),
        ("2025-03-12T00:14:00Z", "2025-03-12 09:14"),
        ("2025-03-12 01:14:00 +0100", "2025-03-12 09:14"),
        ("2025/03/12 午後3:05", "2025-03-12 15:05"),
        ("03/04/2025", "2025-04-03 00:00"),
        ("25.12.2025", "2025-12-25 00:00"),
        ("3 April 2025", "2025-04-03 00:00"),
        ("Apr 3, 2025 12:30 AM", "2025-04-03 00:30"),
    ],
)
def test_moments_are_read_as_people_write_them(written: str, moment: str) -> None:
    assert read_moment(written, TOKYO) == datetime.fromisoformat(moment).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    "written", ["2025-02-29", "2025-13-40", "13/13/2025", "soon", "12", "2025-04-03 25:00", "1/2", "0001-01-01", "R7"]
)
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        read_moment(written, TOKYO)


def test_the_order_of_a_file_decides_what_one_date_does_not() -> None:
    assert order_of(["3/4/2025", "25/12/2025"]) == "dmy"
    assert order_of(["3/4/2025", "12/25/2025"]) == "mdy"
    assert order_of(["3/4/2025", "2025-12-25"]) == ""
    assert read_day("3/4/2025", TOKYO, "mdy") == date(2025, 3, 4)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_every_way_to_write_a_day_is_the_same_day(day: date) -> None:
    ways = [
        f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day:%Y年%m月%d日}", f"{day:%Y%m%d}",
        f"{day.day}.{day.month}.{day.year}", str((day - date(1899, 12, 30)).days),
    ]  # fmt: skip
    if day >= date(2019, 5, 1):
        ways.append(f"令和{day.year - 2018}年{day.month}月{day.day}日")
    assert {read_day(way, TOKYO) for way in ways} == {day}


@given(st.integers(631_152_000_000_000, 3_786_912_000_000_000).map(lambda n: datetime.fromtimestamp(n / 10**6, UTC)))
def test_a_moment_with_its_zone_is_itself(moment: datetime) -> None:
    assert read_moment(moment.isoformat(), TOKYO) == moment
    away = moment.astimezone(ZoneInfo("Asia/Kolkata"))
    assert abs(read_moment(f"{away:%Y-%m-%d %H:%M:%S%z}", TOKYO) - moment) < timedelta(seconds=1)


# ---- Cells


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("架空 太郎", ("架空", "太郎")),
        ("髙﨑　花子", ("髙﨑", "花子")),
        ("架空太郎", ("架空太郎", "")),
        ("Aya Nakamura", ("Nakamura", "Aya")),
        ("Mary Jane Watson", ("Watson", "Mary Jane")),
        ("Nakamura, Aya", ("Nakamura", "Aya")),
        ("Cher", ("Cher", "")),
    ],
)
def test_a_name_in_one_cell_is_divided(written: str, names: tuple[str, str]) -> None:
    assert cells.split_name(written) == names


@pytest.mark.parametrize(
    ("written", "value"),
    [("1204", 1204), ("1,204", 1204), ("１，２０４", 1204), ("¥1,204円", 1204), ("120万", 1_200_000),
     ("3.5億", 350_000_000), ("-5", -5), ("$1,204.50", Decimal("1204.50")), ("10k", 10_000)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written: str, value: Any) -> None:
    assert cells.number(written, READING) == value


@pytest.mark.parametrize("written", ["", "many", "1.2.3", "NaN", "inf", "1e999"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.number(written, READING)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("TARO@Mihon.example", "TARO@Mihon.example"),
        ("ｔａｒｏ＠mihon.example", "taro@mihon.example"),
        ("a@x.example; b@x.example", "a@x.example"),
        ("Taro <taro@x.example>", "taro@x.example"),
        ("mailto:a@x.example", "a@x.example"),
        ("o'neil@x.example", "o'neil@x.example"),
    ],
)
def test_the_first_address_is_taken(written: str, address: str) -> None:
    assert cells.email(written, READING) == address


@pytest.mark.parametrize("written", ["taro", "jiro@nanashi", "a b", "@x.example", "a@-x.example", "a..b@x.example"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        cells.email(written, READING)


@pytest.mark.parametrize(("written", "host"), [("https://www.x.example/a?b", "x.example"), ("X.example", "x.example")])
def test_a_domain_is_taken_out_of_an_address(written: str, host: str) -> None:
    assert cells.domain(written, READING) == host


# ---- Files


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


def test_a_quotation_mark_that_is_never_closed_costs_its_row_only() -> None:
    before = csv.field_size_limit(200)
    try:
        rows = 'mail,note\na@x.example,"open\n' + "x" * 300 + "\nb@x.example,fine\n"
        found = list(records(source_of(rows), Layout("utf-8-sig", ",", 1)))
    finally:
        csv.field_size_limit(before)
    assert [(record.line, record.error) for record in found] == [(2, True), (4, False)]


def test_headers_are_each_different() -> None:
    assert headers_of(source_of("a,a,,b\n"), Layout("utf-8-sig", ",", 1)) == ["a", "a (2)", "Column 3", "b"]


def test_a_layout_is_known_by_its_headers_without_what_a_download_added() -> None:
    assert header_digest(["Mail", "Name"]) == header_digest(
        ["mail", "ＮＡＭＥ", "Smarketing line", "Smarketing reason"]
    )
    assert header_digest(["Mail", "Name"]) != header_digest(["Name", "Mail"])
