"""Days and moments as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.importing.files.cells import Reading
from leads.importing.files.moments import days_by_order, read_day, read_moment

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


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("3/4/2025", {"dmy": date(2025, 4, 3), "mdy": date(2025, 3, 4)}),
        ("25/12/2025", {"dmy": date(2025, 12, 25)}),
        ("12/25/2025", {"mdy": date(2025, 12, 25)}),
        ("13/05/99", {"dmy": date(1999, 5, 13)}),
        ("25/03/04", {"dmy": date(2004, 3, 25), "ymd": date(2025, 3, 4)}),
        ("2025-12-25", {}),
        ("45757", {}),
        ("3 April 2025", {}),
        ("", {}),
    ],
)
def test_a_date_tells_in_which_orders_it_can_be_read(written: str, days: dict[str, date]) -> None:
    found = days_by_order(written, TOKYO)
    assert {order: at.astimezone(TOKYO).date() for order, at in found.items()} == days


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


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-04-03 午前12:05", "2025-04-03 00:05"),
        ("2025-04-03 午後12:05", "2025-04-03 12:05"),
        ("2025-04-03 12:05 a.m.", "2025-04-03 00:05"),
        ("2025-04-03 11:59:59 pm", "2025-04-03 23:59:59"),
        ("2025-04-03 9時", "2025-04-03 09:00"),
        ("2025-04-03 9:05:07,25", "2025-04-03 09:05:07.250000"),
        ("2025-04-03T09:05:07.1234567", "2025-04-03 09:05:07.123456"),
        ("大正15年12月24日", "1926-12-24 00:00"),
        ("S64/1/7", "1989-01-07 00:00"),
        ("3-Apr-2025", "2025-04-03 00:00"),
        ("April 3rd, 2025", "2025-04-03 00:00"),
        ("25/12/99", "1999-12-25 00:00"),
        (" 2025-04-03　", "2025-04-03 00:00"),
    ],
)
def test_less_usual_ways_are_read_too(written: str, moment: str) -> None:
    assert read_moment(written, TOKYO) == datetime.fromisoformat(moment).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    "written",
    [
        "2025-04-03 13:00 pm",
        "2025-04-03 24:00",
        "2025-04-03 9:60",
        "2025-04-03 morning",
        "3 Foo 2025",
        "1899-12-31",
        "2101-01-02",
        "9999",
        "80000",
        "",
    ],
)
def test_what_only_looks_like_a_moment_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        read_moment(written, TOKYO)


@pytest.mark.parametrize(
    ("written", "away"),
    [
        ("-0330", timedelta(hours=-3, minutes=-30)),
        ("+05:30", timedelta(hours=5, minutes=30)),
        ("utc", timedelta(0)),
        ("GMT", timedelta(0)),
    ],
)
def test_a_zone_in_the_cell_counts_before_the_company_s(written: str, away: timedelta) -> None:
    assert read_moment(f"2025-04-03 00:30 {written}", TOKYO) == datetime(2025, 4, 3, 0, 30, tzinfo=UTC) - away


def test_a_moment_that_a_clock_change_leaves_out_is_still_one_moment() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert read_moment("2025-03-30 02:30", berlin) == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


def test_the_month_comes_first_only_where_the_file_says_so() -> None:
    assert read_day("3/4/25", TOKYO) == read_day("3/4/25", TOKYO, "dmy") == date(2025, 4, 3)
    assert read_day("2025/3/4", TOKYO, "mdy") == date(2025, 3, 4)
    with pytest.raises(ValueError):
        read_day("13/1/2025", TOKYO, "mdy")
