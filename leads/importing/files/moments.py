"""Days and moments as people and programs write them.

Read without asking: 2025-04-03, 2025/4/3 09:14, 2025年4月3日, 令和7年4月3日, R7.4.3, 20250403, 45757 (a spreadsheet's
day number), 3 April 2025, with or without a time and a zone. Only 3/4/2025 needs to be told which comes first.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_FIRST = "dmy"
MONTH_FIRST = "mdy"
YEAR_IS_FIRST = "ymd"
ORDERS = (DAY_FIRST, MONTH_FIRST, YEAR_IS_FIRST)
# A year of two digits lies at most so many years ahead: 99 is 1999.
YEARS_AHEAD = 10

# The year before the first of each Japanese era.
ERAS = {
    "令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867,
    "r": 2018, "h": 1988, "s": 1925, "t": 1911, "m": 1867,
}  # fmt: skip
MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?(?:\([^)]*\))?(.*)", re.S)
ERA = re.compile(
    r"(令和|平成|昭和|大正|明治|[rhstm])\s*\.?\s*(\d{1,2}|元)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?(.*)", re.S
)
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)(.*)", re.S)
DAY_MONTH_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3})[a-z]*\.?[\s,-]+(\d{4})(.*)", re.S)
MONTH_NAME_DAY = re.compile(r"([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(.*)", re.S)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
DAY_NUMBER = re.compile(r"\d{5}(?:\.\d+)?")
TIME = re.compile(
    r"[t,\s]*(午前|午後)?\s*(\d{1,2})[:時](\d{1,2})?(?:[:分]\s*(\d{1,2})?(?:[.,](\d{1,9}))?)?秒?\s*(am|pm|a\.m\.|p\.m\.)?"
    r"\s*(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?"
)
# Day 0 of spreadsheets, whose calendar has a 29 February 1900: right for every day after it.
SPREADSHEET_BEGINS = datetime(1899, 12, 30)  # noqa: DTZ001
SPREADSHEET_DAYS = range(10_000, 80_000)
YEARS = range(1900, 2101)


def read_moment(text: str, zone: ZoneInfo, order: str = "") -> datetime:
    """The moment, in UTC. A day is its start in `zone`; a moment without a zone is read in it.

    Raises `ValueError` for what is no moment, an impossible day too.
    """
    return _moment(text, zone, order)


def read_day(text: str, zone: ZoneInfo, order: str = "") -> date:
    """The day, in `zone` where a moment was written. Raises `ValueError`."""
    return _moment(text, zone, order).astimezone(zone).date()


@lru_cache(maxsize=4096)
def _moment(text: str, zone: ZoneInfo, order: str) -> datetime:
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    day, rest = _day_and_rest(plain, order)
    moment = _at_time(day, rest) if isinstance(day, date) and not isinstance(day, datetime) else day
    assert isinstance(moment, datetime)
    if moment.year not in YEARS:
        raise ValueError(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _day_and_rest(text: str, order: str) -> tuple[date | datetime, str]:
    if found := YEAR_FIRST.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), found[4]
    if found := YEAR_LAST.fullmatch(text):
        return _year_last(found, order), found[4]
    if found := ERA.fullmatch(text):
        year = ERAS[found[1]] + (1 if found[2] == "元" else int(found[2]))
        return date(year, int(found[3]), int(found[4])), found[5]
    if found := COMPACT.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), ""
    if DAY_NUMBER.fullmatch(text) and int(float(text)) in SPREADSHEET_DAYS:
        return SPREADSHEET_BEGINS + timedelta(seconds=round(float(text) * 86400)), ""
    if found := DAY_MONTH_NAME.fullmatch(text):
        return date(int(found[3]), _month(found[2]), int(found[1])), found[4]
    if found := MONTH_NAME_DAY.fullmatch(text):
        return date(int(found[3]), _month(found[1]), int(found[2])), found[4]
    raise ValueError(text)


def _year_last(found: re.Match[str], order: str) -> date:
    first, second, last = int(found[1]), int(found[2]), int(found[3])
    if order == YEAR_IS_FIRST:
        if len(found[3]) > 2 or len(found[1]) < 2:
            raise ValueError(found[0])
        return date(_full_year(first), second, last)
    year = last if len(found[3]) > 2 else _full_year(last)
    return date(year, first, second) if order == MONTH_FIRST else date(year, second, first)


def _full_year(year: int) -> int:
    return year + (2000 if year + 2000 <= datetime.now(UTC).year + YEARS_AHEAD else 1900)


def _month(name: str) -> int:
    if name not in MONTHS:
        raise ValueError(name)
    return MONTHS[name]


def _at_time(day: date, rest: str) -> datetime:
    if not rest.strip(" t,"):
        return datetime.combine(day, time())
    found = TIME.fullmatch(rest.strip())
    if not found:
        raise ValueError(rest)
    half, hour, minute, second, fraction, am_pm, zone = found.groups()
    clock = _hour(int(hour), half or am_pm), int(minute or 0), int(second or 0)
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    return datetime.combine(day, time(*clock, microsecond, tzinfo=_zone(zone)))


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if hour > 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half in ("午後", "pm", "p.m.") else 0)


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if text[0] == "-" else away)


def days_by_order(text: str, zone: ZoneInfo) -> dict[str, datetime]:
    """What a date means in each order that it allows; nothing where the order does not matter to it."""
    if not YEAR_LAST.fullmatch(unicodedata.normalize("NFKC", text).strip().lower()):
        return {}
    found = {}
    for order in ORDERS:
        with suppress(ValueError, OverflowError):
            found[order] = read_moment(text, zone, order)
    return found
