"""How numbers, amounts, moments and names are written, in the language of the page.

A page writes hundreds of them, the same ones again and again, and Babel reads its patterns anew for each. What it made
of one value, one pattern and one language is therefore kept: those three decide it alone.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import ceil, inf
from typing import Any

from babel.dates import TIMEDELTA_UNITS, format_date, format_time, format_timedelta
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
)
from django.conf import settings
from django.utils.timezone import get_current_timezone, is_aware, now
from django.utils.translation import get_language, gettext, ngettext, override

from smarketing.currencies import decimals_of

# What stands where there is nothing: a rate over nothing is no rate.
NOTHING = "–"
# What differs only behind so many digits is not told apart: floats have no more.
MOST_DIGITS = 12
# Over fewer cases no percentage is written: the two numbers say more.
FEWEST_CASES = 5
# The short form of an amount hides at most so much of it: 1.05 million is "¥1.1M".
HIDDEN = Decimal("0.1")
# So much of a unit of time is said as one: 6 days of a week.
NEARLY = 0.85

Number = int | float | Decimal


def language() -> str:
    return get_language() or "en"


def japanese() -> bool:
    return language().startswith("ja")


def locale() -> str:
    return "ja" if japanese() else "en"


def in_every_language(text: object) -> dict[str, str]:
    """A text with a form in each language, such as a name that an administrator gave, to be kept beyond its row."""
    texts = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts[code] = str(text)
    return texts


def in_language(texts: Mapping[str, str] | str) -> str:
    """Of a text kept in every language, the one of the page; a text that has only one form as it is."""
    return texts if isinstance(texts, str) else texts.get(locale()) or texts.get("en", "")


def rounded(value: Number, digits: int) -> Decimal:
    """Round half away from zero, as people do. What rounds to nothing has no sign: −0 equals 0, and is not kept apart
    from it."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0


def rounded_beside(
    value: Number, digits: int, *, at_least: Iterable[Number] = (), at_most: Iterable[Number] = ()
) -> tuple[Decimal, int]:
    """The value rounded, and to how many digits: to as many more as it takes not to contradict a verdict.

    What is below one of `at_least` is shown below it, and what is above one of `at_most` above it: 39.8 beside a
    threshold of 40 is 39.8, never 40.
    """
    least, most = ([rounded(bound, MOST_DIGITS) for bound in bounds] for bounds in (at_least, at_most))
    if not least and not most:
        return rounded(value, digits), digits
    exact = rounded(value, MOST_DIGITS)
    return next(
        (shown, more)
        for more in range(digits, MOST_DIGITS + 1)
        for shown in [rounded(value, more)]
        if all((shown >= bound) == (exact >= bound) for bound in least)
        and all((shown <= bound) == (exact <= bound) for bound in most)
    )


def number(
    value: Number | None, digits: int = 0, *, at_least: Iterable[Number] = (), at_most: Iterable[Number] = ()
) -> str:
    """1234.5 → "1,235"; None → "–". With bounds as of `rounded_beside`."""
    if value is None:
        return NOTHING
    return _number(*rounded_beside(value, digits, at_least=at_least, at_most=at_most), locale())


@lru_cache(maxsize=4096)
def _number(value: Decimal, digits: int, locale: str) -> str:
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, pattern, locale=locale)


def percent(
    value: Number | None, digits: int = 1, *, at_least: Iterable[Number] = (), at_most: Iterable[Number] = ()
) -> str:
    """0.2087 → "20.9%"; None → "–". What is not 0 or 1 is never "0%" or "100%"; with bounds as of `rounded_beside`."""
    if value is None:
        return NOTHING
    least, most = ([in_percent(bound) for bound in bounds] for bounds in ((1, *at_least), (0, *at_most)))
    return number(in_percent(value), digits, at_least=least, at_most=most) + "%"


def in_percent(value: Number) -> Decimal:
    return Decimal(str(value)) * 100


def is_percentage(numerator: Number, denominator: Number | None) -> bool:
    """Whether a share can be written in percent: over fewer than five cases, or above all of them, it says nothing."""
    return denominator is not None and denominator >= FEWEST_CASES and numerator <= denominator


def fraction(numerator: Number, denominator: Number) -> str:
    """3, 4 → "3 / 4"."""
    return f"{number(numerator)} / {number(denominator)}"


def share(
    numerator: int,
    denominator: int | None,
    digits: int = 1,
    *,
    at_least: Iterable[Number] = (),
    at_most: Iterable[Number] = (),
) -> str:
    """86, 412 → "20.9%"; 3, 4 → "3 / 4", as that is no percentage; anything over nothing → "–". With bounds as of
    `rounded_beside`."""
    if not denominator:
        return NOTHING
    if not is_percentage(numerator, denominator):
        return fraction(numerator, denominator)
    return percent(Decimal(numerator) / Decimal(denominator), digits, at_least=at_least, at_most=at_most)


def money(
    amount: Number | None,
    currency: str = "JPY",
    *,
    at_least: Iterable[Number] = (),
    at_most: Iterable[Number] = (),
) -> str:
    """Short enough for a page of numbers: "¥148.6M" or 「1億4,860万円」. Every digit of it where it misses one of the
    bounds by so little that the short form would hide it."""
    if amount is None:
        return NOTHING
    missed = [bound for bound in at_least if amount < bound] + [bound for bound in at_most if amount > bound]
    if any(abs(Decimal(str(amount)) - Decimal(str(bound))) <= HIDDEN * abs(Decimal(str(bound))) for bound in missed):
        return money_exact(amount, currency)
    if japanese() and currency == "JPY":
        return yen_in_words(amount)
    whole = rounded(amount, 0)
    if abs(whole) >= 1_000_000 and not japanese():
        return format_compact_currency(whole, currency, locale="en", fraction_digits=1)
    return money_exact(amount, currency)


def money_exact(amount: Number | None, currency: str = "JPY") -> str:
    """Every digit of it: "¥1,234,567", "$1,200.50" or 「1,234,567円」."""
    if amount is None:
        return NOTHING
    if japanese() and currency == "JPY":
        return number(amount) + "円"
    digits = decimals_of(currency)
    whole = rounded(amount, digits) == rounded(amount, 0)
    pattern = "¤#,##0" if whole or not digits else "¤#,##0." + "0" * digits
    value = rounded(amount, 0 if whole else digits)
    return format_currency(value, currency, pattern, locale=locale(), currency_digits=False)


def yen_in_words(amount: Number) -> str:
    """148600000 → 「1億4,860万円」; below ten thousand every yen counts."""
    sign = "-" if amount < 0 else ""
    yen = abs(int(rounded(amount, 0)))
    if yen < 10_000:
        return f"{sign}{yen:,}円"
    if yen < 10_000_000 and yen % 10_000:
        tenths = rounded(Decimal(yen) / 10_000, 1)
        return f"{sign}{tenths:,}万円".replace(".0万", "万")
    ten_thousands = int(rounded(Decimal(yen) / 10_000, 0))
    oku, man = divmod(ten_thousands, 10_000)
    return sign + (f"{oku:,}億" if oku else "") + (f"{man:,}万" if man else "") + "円"


def seconds_of(value: timedelta | Number) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def duration(value: timedelta | Number | None, *, at_most: Iterable[Number] = ()) -> str:
    """Open time or any span, in hours and minutes: "1 h 42 min" or 「1時間42分」. Numbers are seconds.

    The seconds are written where it is above one of `at_most` and its full minutes are not.
    """
    if value is None:
        return NOTHING
    size = abs(seconds_of(value))
    hours, minutes = divmod(int(size) // 60, 60)
    if any(size > float(bound) >= int(size) // 60 * 60 for bound in at_most):
        return _to_the_second(ceil(size))
    if japanese():
        return (f"{hours:,}時間" if hours else "") + (f"{minutes}分" if minutes or not hours else "")
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {minutes:02} min" if minutes else f"{hours:,} h"


def _to_the_second(size: int) -> str:
    hours, minutes, seconds = size // 3600, size // 60 % 60, size % 60
    if japanese():
        return (f"{hours:,}時間" if hours else "") + f"{minutes}分{seconds}秒"
    return (f"{hours:,} h {minutes:02} min " if hours else f"{minutes} min ") + f"{seconds:02} s"


def days(value: timedelta | Number | None, digits: int = 0) -> str:
    """A span of calendar days: "12 days" or 「12日」. Numbers are days."""
    if value is None:
        return NOTHING
    count = rounded(value.total_seconds() / 86_400 if isinstance(value, timedelta) else value, digits)
    return ngettext("%(n)s day", "%(n)s days", 1 if count == 1 else 2) % {"n": number(count, digits)}


def local(value: datetime) -> datetime:
    """The same moment on the clock of the person who looks."""
    return value.astimezone(get_current_timezone()) if is_aware(value) else value


def clock(value: datetime) -> str:
    here = local(value)
    return _clock(time(here.hour, here.minute), locale())


@lru_cache(maxsize=2 * 24 * 60)
def _clock(value: time, locale: str) -> str:
    return format_time(value, "H:mm", locale=locale)


@lru_cache(maxsize=4096)
def _date(value: date, pattern: str, locale: str) -> str:
    return format_date(value, pattern, locale=locale)


PATTERNS = {
    "short": ("d MMM", "M月d日"),
    "week": ("EEEE d MMMM", "M月d日(E)"),
    "month": ("MMMM y", "y年M月"),
    "": ("d MMMM y", "y年M月d日"),
}


def day(value: date | datetime | None, form: str = "") -> str:
    """ "6 November 2025" or 「2025年11月6日」; `short` drops the year, `week` adds the day of the week."""
    if value is None:
        return NOTHING
    on = local(value).date() if isinstance(value, datetime) else value
    return _date(on, PATTERNS[form][japanese()], locale())


def moment(value: date | datetime | None, at: datetime | None = None) -> str:
    """ "today 10:38", "yesterday 16:20", "6 Nov", or with its year when that is another."""
    if value is None:
        return NOTHING
    today = local(at or now()).date()
    on, minute = day_and_minute(value)
    return _moment(on, minute, (on - today).days, on.year == today.year, locale())


def moment_to_the_minute(value: datetime, at: datetime | None = None) -> str:
    """ "tomorrow 9:00", or "6 Nov 9:00": a moment that somebody waits for."""
    text, (on, minute) = moment(value, at), day_and_minute(value)
    if minute is None or abs((on - local(at or now()).date()).days) <= 1:
        return text
    return f"{text} {_clock(minute, locale())}"


@lru_cache(maxsize=4096)
def _moment(on: date, minute: time | None, days: int, is_this_year: bool, locale: str) -> str:
    near = {0: gettext("today"), -1: gettext("yesterday"), 1: gettext("tomorrow")}.get(days)
    if near and minute:
        return f"{near} {_clock(minute, locale)}"
    if near:
        return near
    if is_this_year:
        return _date(on, PATTERNS["short"][locale == "ja"], locale)
    return _date(on, ("d MMM y", "y年M月d日")[locale == "ja"], locale)


def day_and_minute(value: date | datetime) -> tuple[date, time | None]:
    """On the calendar and the clock of the person who looks; a day has no minute."""
    if not isinstance(value, datetime):
        return value, None
    here = local(value)
    return here.date(), time(here.hour, here.minute)


def moment_in_full(value: date | datetime | None) -> str:
    """ "6 November 2025, 16:20": what stands behind a short moment."""
    return NOTHING if value is None else _in_full(*day_and_minute(value), locale())


@lru_cache(maxsize=4096)
def _in_full(on: date, minute: time | None, locale: str) -> str:
    text = _date(on, PATTERNS[""][locale == "ja"], locale)
    return f"{text}{' ' if locale == 'ja' else ', '}{_clock(minute, locale)}" if minute else text


def ago(value: datetime | None, at: datetime | None = None) -> str:
    """ "3 weeks ago", 「3週間前」; "in 2 hours" for what is to come."""
    if value is None:
        return NOTHING
    seconds = (value - (at or now())) // timedelta(seconds=1)
    # The unit as Babel chooses it: the largest of which there is one, or nearly.
    unit, length = next((each for each in TIMEDELTA_UNITS if abs(seconds) >= NEARLY * each[1]), TIMEDELTA_UNITS[-1])
    count = round(abs(seconds) / length)
    return _ago(unit, length * (count if seconds >= 0 else -count), locale())


@lru_cache(maxsize=1024)
def _ago(unit: str, seconds: int, locale: str) -> str:
    span = timedelta(seconds=seconds)
    text = format_timedelta(span, unit, inf, add_direction=True, locale=locale)  # type: ignore[arg-type]
    return text.replace(" ", "") if locale == "ja" else text


def person_name(person: Any) -> str:
    """The name in the order that its readers expect, or else the e-mail."""
    if person is None:
        return NOTHING
    given = getattr(person, "given_name", "") or ""
    family = getattr(person, "family_name", "") or ""
    return full_name(given, family) or getattr(person, "email", "") or str(person)


def full_name(given: str, family: str) -> str:
    """The family name first on a Japanese page, and on every page where it is written in Japanese or Chinese: nobody
    reads 「大輔 森」 as a name."""
    return " ".join(filter(None, (family, given) if japanese() or is_east_asian(family) else (given, family)))


def is_east_asian(name: str) -> bool:
    """Whether it is written in kana or Chinese characters."""
    return bool(name) and ord(name[0]) > 0x2E80


def initials(person: Any) -> str:
    """ "RT", or the family name where it is written in Chinese characters: 「石川」."""
    given = getattr(person, "given_name", "") or ""
    family = getattr(person, "family_name", "") or ""
    if is_east_asian(family):
        return family[:2]
    letters = (family[:1] + given[:1]) if japanese() else (given[:1] + family[:1])
    return (letters or (getattr(person, "email", "") or str(person))[:1]).upper()


def from_to(low: Number, high: Number) -> str:
    """An interval of shares: 0.17, 0.25 → "17–25%"."""
    return f"{percent(low, 0).removesuffix('%')}–{percent(high, 0)}"
